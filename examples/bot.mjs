// Answers "ping" with "pong". SESSION_ID is the whole WHIZLITE_… string; see README.md.
import { makeWASocket } from '@whiskeysockets/baileys'
import { pino } from 'pino'
import { useSessionId } from 'whizlite/session'

for (const method of ['log', 'info', 'warn', 'error']) console[method] = () => {} // libsignal prints private keys there
if (!process.env.SESSION_ID) throw new Error('Set SESSION_ID to the first message in your own chat.')
const { state, saveCreds } = await useSessionId(process.env.SESSION_ID, { file: process.env.STATE_FILE })
const waWebSocketUrl = process.env.WHATSAPP_URL ?? 'wss://web.whatsapp.com/ws/chat'

function connect() {
  const { ev, sendMessage } = makeWASocket({ auth: state, waWebSocketUrl, logger: pino({ level: 'silent' }) })
  ev.on('creds.update', () => void saveCreds())
  ev.on('connection.update', ({ connection, lastDisconnect }) => {
    if (connection) process.stdout.write(`${connection}\n`)
    const lostOrRestart = [408, 428, 515].includes(lastDisconnect?.error?.output?.statusCode)
    if (connection === 'close' && lostOrRestart) setTimeout(connect, 2_000)
  })
  ev.on('messages.upsert', ({ messages }) => {
    for (const { key, message } of messages) {
      const text = message?.conversation ?? message?.extendedTextMessage?.text
      if (!key.fromMe && text === 'ping') sendMessage(key.remoteJid, { text: 'pong' }).catch(() => {})
    }
  })
}

connect()
