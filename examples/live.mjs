// Prints what happens to sessions, and goes on where it stopped. WHATSAPP_SERVICE_TOKEN or API_KEY proves who asks; see README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createClient } from 'whizlite/client'

const {
  GATEWAY = 'http://localhost:3000',
  WHATSAPP_SERVICE_TOKEN,
  API_KEY = WHATSAPP_SERVICE_TOKEN,
  POSITION_FILE,
} = process.env
if (!API_KEY) throw new Error('Set WHATSAPP_SERVICE_TOKEN, or API_KEY to a key with the scope "read".')
const client = createClient({ url: GATEWAY, token: API_KEY })
const say = line => process.stdout.write(`${line}\n`)

async function readAll() {
  let cursor
  do {
    const { sessions, next } = await client.sessions.list({ cursor })
    for (const { sessionId, state, name } of sessions) say(`${sessionId} ${state} ${name ?? ''}`.trim())
    cursor = next ?? undefined
  } while (cursor)
}

const live = client.live()
live.on('event', ({ event, data, seq }) => {
  say(`${seq} ${event} ${data.sessionId} ${data.state ?? data.status ?? data.reason ?? ''}`.trim())
  if (POSITION_FILE) writeFileSync(POSITION_FILE, String(seq))
})
live.on('resync', () => void readAll())
live.on('ended', error => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
const kept = POSITION_FILE && existsSync(POSITION_FILE) ? Number(readFileSync(POSITION_FILE, 'utf8')) : undefined
await live.subscribe({ after: kept }).catch(() => process.exit(1))
say(`listening after ${live.position()}`)
if (kept === undefined) await readAll()
