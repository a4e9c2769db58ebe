import { DisconnectReason, initAuthCreds, makeWASocket, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
import { answer } from './answers.mjs'

// A process with plain Baileys and nothing else: default settings, keys in a Map. It is what the gateway is compared with.

const { WHATSAPP_URL: url, WHATSAPP_ROOT_KEY: rootKey } = process.env
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex')

/** Baileys' own logger prints every step; formatting that would be counted against it. */
const silent = { level: 'silent', child: () => silent }
for (const level of ['trace', 'debug', 'info', 'warn', 'error']) silent[level] = () => undefined

const accounts = new Map()

// Between two accounts nothing but the parent's questions keeps this process alive.
process.channel.ref()

answer({
  ready: () => true,
  /** From the call that opens a socket to its QR event. */
  async start({ account }) {
    const auth = { creds: initAuthCreds(), keys: keysInMemory() }
    const opened = Promise.withResolvers?.() ?? withResolvers()
    const started = performance.now()
    const qr = await new Promise((resolve, reject) => connect({ account, auth, opened, onQr: resolve, onEnd: reject }))
    const startToQr = performance.now() - started
    accounts.get(account).opened = opened.promise
    return { qr, startToQr }
  },
  opened: ({ account }) => accounts.get(account).opened,
  close({ account }) {
    const { socket } = accounts.get(account)
    // first: the end of a line that was closed on purpose is no failure
    accounts.delete(account)
    socket.end(undefined)
  },
})

function connect({ account, auth, opened, onQr, onEnd }) {
  const socket = makeWASocket({ auth, waWebSocketUrl: url, logger: silent })
  accounts.set(account, { ...accounts.get(account), socket })
  socket.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
    if (qr !== undefined) onQr(qr)
    if (connection === 'open') opened.resolve()
    if (connection !== 'close' || !accounts.has(account)) return
    const code = lastDisconnect?.error?.output?.statusCode
    if (code === DisconnectReason.restartRequired) return connect({ account, auth, opened, onQr, onEnd })
    const end = new Error(`the line of ${account} closed with ${code}`)
    onEnd(end)
    opened.reject(end)
  })
}

function keysInMemory() {
  const stored = new Map()
  return {
    async get(type, ids) {
      const found = {}
      for (const id of ids) {
        const value = stored.get(`${type} ${id}`)
        if (value !== undefined) found[id] = value
      }
      return found
    },
    async set(data) {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values)) {
          if (value === null || value === undefined) stored.delete(`${type} ${id}`)
          else stored.set(`${type} ${id}`, value)
        }
      }
    },
  }
}

function withResolvers() {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}
