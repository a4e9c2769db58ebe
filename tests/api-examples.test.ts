import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { curl } from './support/curl.js'
import { PeopleRig } from './support/people-rig.js'
import { TestGateway } from './support/test-gateway.js'

const page = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8')

/** Every `curl` of the page with the answer that stands below it. */
const examples = [...page.matchAll(/```sh\n(curl [\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)].map(
  ([, command = '', answer = '']) => ({ command, answer: JSON.parse(answer) as unknown }),
)

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

test('the README’s way from a sign-in to a list of sessions is true, each command as it stands there', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const blocks = [...readme.matchAll(/```sh\n(curl [\s\S]*?)```/g)].map(([, block = '']) => block)
  const commands = blocks.flatMap(block => block.split(/\n(?=curl )/)).filter(command => command.includes('/api/v1/'))
  expect(commands.map(command => /\/api\/v1\/[a-z/-]+/.exec(command)?.[0])).toEqual([
    '/api/v1/auth/sign-in',
    '/api/v1/api-keys',
    '/api/v1/sessions',
    '/api/v1/invitations',
  ])
  await using rig = await PeopleRig.open()
  const { email, password } = rig.owner
  const variables: Record<string, string> = { GATEWAY: rig.gateway.url, EMAIL: email, PASSWORD: password }
  for (const command of commands) {
    const { status, body } = await curl(command, variables)
    expect([command, status]).toEqual([command, 200])
    const { accessToken, key, sessions } = body as { accessToken?: string; key?: string; sessions?: unknown[] }
    if (accessToken !== undefined) variables['ACCESS_TOKEN'] = accessToken
    if (key !== undefined) variables['API_KEY'] = key
    if (command.includes('/sessions')) expect(sessions).toEqual([])
  }
}, 60_000)
