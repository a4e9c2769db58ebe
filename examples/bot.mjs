// Answers "ping" with "pong". SESSION_ID is the whole WHIZLITE_… string; see README.md.
import { makeWASocket } from '@whiskeysockets/baileys'
import { pino } from 'pino'
import { useSessionId } from 'whizlite/session'

// libsignal prints Signal sessions, private keys included, through console.
for (const method of ['log', 'info', 'warn', 'error']) console[method] = () => {}
const say = line => process.stdout.write(`${line}\n`)

const { state, saveCreds } = await useSessionId(process.env.SESSION_ID ?? '', { file: process.env.STATE_FILE })
const url = process.env.WHATSAPP_URL ? { waWebSocketUrl: process.env.WHATSAPP_URL } : {}

function connect() {
  const sock = makeWASocket({ auth: state, logger: pino({ level: 'silent' }), ...url })
  sock.ev.on('creds.update', () => void saveCreds())
  sock.ev.on('connection.update', ({ connection, lastDisconnect }) => {
    if (connection) say(connection)
    const code = lastDisconnect?.error?.output?.statusCode
    // 428 connection lost, 408 timed out, 515 restart asked for: all others (logged out, replaced …) are for a person.
    if (connection === 'close' && [428, 408, 515].includes(code)) setTimeout(connect, 2_000)
    else if (connection === 'close') say(`stopped: ${code}`)
  })
  sock.ev.on('messages.upsert', ({ messages, type }) => {
    for (const { key, message } of type === 'notify' ? messages : []) {
      const text = message?.conversation ?? message?.extendedTextMessage?.text
      if (key.fromMe || text !== 'ping') continue
      sock.sendMessage(key.remoteJid, { text: 'pong' }).catch(error => say(`not sent: ${error.message}`))
    }
  })
}

connect()
