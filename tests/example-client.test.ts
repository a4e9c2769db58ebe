import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EventTeller } from './support/event-teller.js'
import { pictureOf } from './support/picture-of.js'
import { TwoNodes } from './support/two-nodes.js'

let nodes: TwoNodes
const folder = mkdtempSync(join(tmpdir(), 'whizlite-examples-'))

beforeAll(async () => {
  nodes = await TwoNodes.start()
})
afterAll(async () => {
  await nodes[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** An example as its reader starts it, with what it has written so far. */
function start(file: string, env: Record<string, string>): { child: ChildProcess; written: () => string } {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../examples/${file}`, import.meta.url))], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', GATEWAY: nodes.there.url, WHATSAPP_SERVICE_TOKEN: nodes.token, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (text += String(chunk)))
  return { child, written: () => text }
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

const soon = { timeout: 20_000 }

test('an account is linked by one, and the other tells of it, also of what it has missed', async () => {
  const link = start('link.mjs', {})
  let sessionId = ''
  await vi.waitFor(() => {
    sessionId = /^([\w-]{36}): scan/m.exec(link.written())?.[1] ?? ''
    expect(link.written()).toContain(`${sessionId}: scan the code in qr.html`)
    expect(sessionId).not.toBe('')
  }, soon)
  const picture = /src="([^"]+)"/.exec(readFileSync(join(folder, 'qr.html'), 'utf8'))?.[1] ?? ''
  await (await nodes.phone()).scanPicture(pictureOf(picture))
  await once(link.child, 'exit')
  expect(link.child.exitCode).toBe(0)
  expect(link.written()).toMatch(new RegExp(`scanned\\n${sessionId} connected`))

  const [session] = await nodes.rows.query<{ workspace_id: string }>('select workspace_id from whizlite.sessions')
  await using teller = await EventTeller.open(nodes.gateway, session?.workspace_id ?? '')
  const env = { POSITION_FILE: join(folder, 'position') }
  const first = start('live.mjs', env)
  await vi.waitFor(() => expect(first.written()).toContain(`${sessionId} connected Example`), soon)
  const one = await teller.lost(sessionId, 'one')
  await vi.waitFor(() => expect(first.written()).toContain(`${one} connection_lost ${sessionId}`), soon)
  await stop(first.child)
  const two = await teller.lost(sessionId, 'two')
  const second = start('live.mjs', { ...env, GATEWAY: nodes.here.url })
  await vi.waitFor(() => expect(second.written()).toContain(`${two} connection_lost ${sessionId}`), soon)
  expect(second.written()).not.toContain(`${one} connection_lost`)
  await stop(second.child)
})

test.each(['link.mjs', 'live.mjs'])('%s says what is wrong with a key, and ends', async file => {
  const { child, written } = start(file, { API_KEY: 'wrong' })
  await once(child, 'exit')
  expect(child.exitCode).toBe(1)
  expect(written()).not.toBe('')
  expect(written()).not.toContain('    at ')
})
