// Links an account and waits until it is connected. Open the page that it writes and scan; see README.md.
import { writeFileSync } from 'node:fs'
import { createClient, ProblemError } from 'whizlite/client'

const {
  GATEWAY = 'http://localhost:3000',
  WHATSAPP_SERVICE_TOKEN,
  API_KEY = WHATSAPP_SERVICE_TOKEN,
  QR_FILE = 'qr.html',
} = process.env
if (!API_KEY) throw new Error('Set WHATSAPP_SERVICE_TOKEN, or API_KEY to a key with the scopes "read" and "sessions".')
const client = createClient({ url: GATEWAY, token: API_KEY })
const say = line => process.stdout.write(`${line}\n`)
const show = picture =>
  writeFileSync(QR_FILE, `<meta http-equiv="refresh" content="3"><img src="${picture}">`, { mode: 0o600 })

try {
  const { sessionId, link } = await client.sessions.link({ name: process.argv[2] ?? 'Example' })
  const live = client.live()
  const over = new Promise(resolve => {
    live.on('complete', resolve)
    live.on('link_ended', resolve)
    live.on('ended', resolve)
  })
  live.on('qr_code', ({ data }) => show(data.qrCode))
  live.on('qr_scanned', () => say('scanned'))
  if (link?.qrCode) show(link.qrCode)
  say(`${sessionId}: scan the code in ${QR_FILE}`)
  // what happened before this stands is told first
  await live.subscribe({ sessionId, after: 0 })
  await over
  live.close()
  const { state, reason } = await client.sessions.get({ sessionId })
  say(`${sessionId} ${state} ${reason?.message ?? ''}`.trim())
} catch (error) {
  if (!(error instanceof ProblemError)) throw error
  process.stderr.write(`${error.message} ${error.action ?? ''}\n`)
  process.exitCode = 1
}
