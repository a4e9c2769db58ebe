import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TestGateway } from './support/test-gateway.js'

const page = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8')

/** Every `curl` of the page with the answer that stands below it. */
const examples = [...page.matchAll(/```sh\n(curl [\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)].map(
  ([, command = '', answer = '']) => ({ command, answer: JSON.parse(answer) as unknown }),
)

/** A shell's words, as far as the page needs a shell: quotes, continued lines, variables. */
function words(command: string, variables: Record<string, string>): string[] {
  const found = command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|(\S+)/g)
  return [...found].map(([, single, double, plain]) => {
    if (single !== undefined) return single
    return (double ?? plain ?? '')
      .replaceAll(/\$([A-Z_]+)/g, (_, name: string) => variables[name] ?? '')
      .replaceAll(/\\(.)/g, '$1')
  })
}

async function curl(command: string, variables: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const [program, ...given] = words(command, variables)
  expect(program).toBe('curl')
  let method = 'GET'
  let url = ''
  let body: string | null = null
  const headers = new Headers()
  while (given.length > 0) {
    const word = given.shift() ?? ''
    const value = () => given.shift() ?? ''
    if (word === '-X') method = value()
    else if (word === '-d') body = value()
    else if (word === '-H') headers.append(...(value().split(/: /, 2) as [string, string]))
    else if (word !== '-s') url = word
  }
  const response = await fetch(url, { method, headers, ...(body !== null && { body }) })
  return { status: response.status, body: await response.json() }
}

/** Names of the fields, and the words that a program switches on; not what differs from one session to the next. */
function shape(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map(each => shape(each))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner, key)]))
  return ['status', 'state', 'code', 'mode', 'name'].includes(name) ? value : typeof value
}

test('every example of docs/api.md is answered as it says there', async () => {
  const token = randomBytes(32).toString('hex')
  await using gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  const phone = await gateway.simulator.phone('254712345678')
  const variables: Record<string, string> = { GATEWAY: gateway.url, WHATSAPP_SERVICE_TOKEN: token }
  const routes = examples.map(({ command }) => /\$GATEWAY(\/[a-z-]+)/.exec(command)?.[1])
  expect(new Set(routes)).toEqual(
    new Set(['/connect', '/session-status', '/sessions', '/disconnect', '/reconnect', '/api']),
  )
  const isConnected = () =>
    expect
      .poll(() =>
        curl(
          'curl "$GATEWAY/session-status/$SESSION_ID" -H "Authorization: Bearer $WHATSAPP_SERVICE_TOKEN"',
          variables,
        ),
      )
      .toMatchObject({ body: { state: 'connected' } })
  let connecting = false
  for (const { command, answer } of examples) {
    // what the example before has begun is waited for
    if (connecting) await isConnected()
    const { status, body } = await curl(command, variables)
    expect([command, status, shape(body)]).toEqual([command, 200, shape(answer)])
    connecting = command.includes('/reconnect')
    const { qrCode, sessionId } = body as { qrCode?: string; sessionId?: string }
    if (qrCode === undefined) continue
    variables['SESSION_ID'] = sessionId ?? ''
    await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
    await isConnected()
  }
}, 120_000)
