import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NewApiKey } from '../src/contract/api-keys.js'
import { Operator } from './support/operator.js'
import { TwoNodes } from './support/two-nodes.js'

/** Not a repetition. */
type MadeKey = NewApiKey & { key: string }

let nodes: TwoNodes

beforeAll(async () => {
  nodes = await TwoNodes.start()
})
afterAll(() => nodes[Symbol.asyncDispose]())

const path = '/api/v1/api-keys'
const made = async (at: string, body: object) => (await nodes.here.ask('POST', at, body)).body as unknown as MadeKey
const rotate = ({ id }: MadeKey) => made(`${path}/${id}/rotate`, {})
const statusWith = async ({ key }: MadeKey, url: string) =>
  (await new Operator(url, key).ask('GET', '/api/v1/sessions')).status

test('two keys hold beside each other, never three: the first ends, on every node, when the second is replaced too', async () => {
  const first = await made(path, { name: 'Till', scopes: ['read'] })
  const second = await rotate(first)
  expect(await statusWith(first, nodes.there.url)).toBe(200)
  const third = await rotate(second)
  for (const { url } of [nodes.here, nodes.there]) {
    await expect.poll(() => statusWith(first, url)).toBe(401)
    for (const key of [second, third]) expect(await statusWith(key, url)).toBe(200)
  }
})
