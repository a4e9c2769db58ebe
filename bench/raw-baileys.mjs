import { DisconnectReason, initAuthCreds, makeWASocket, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
import { answer } from './answers.mjs'
import { readLinked } from './raw-linked.mjs'
import { pace } from './raw-pace.mjs'

// A process with plain Baileys and nothing else: default settings, keys in a Map. It is what the gateway is compared with.

const {
  WHATSAPP_URL: url,
  WHATSAPP_ROOT_KEY: rootKey,
  KEEP_ALIVE_MS: keepAlive,
  KEYS: kept = 'in memory',
} = process.env
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex')
const settings = keepAlive === undefined ? {} : { keepAliveIntervalMs: Number(keepAlive) }

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
    const auth = { creds: initAuthCreds(), keys: keysInMemory(new Map()) }
    const opened = Promise.withResolvers?.() ?? withResolvers()
    const started = performance.now()
    const qr = await new Promise((resolve, reject) => connect({ account, auth, opened, onQr: resolve, onEnd: reject }))
    const startToQr = performance.now() - started
    accounts.get(account).opened = opened.promise
    return { qr, startToQr }
  },
  opened: ({ account }) => accounts.get(account).opened,
  /**
   * Connects accounts that were linked before, out of a file; a line that is lost is taken up again in the same way.
   * The limits are those of `pace`; without them all go at once.
   */
  async resume({ file, ...limits }) {
    const turn = pace(limits)
    for await (const { account, creds, stored } of readLinked(file, { kept })) {
      const auth = { creds, keys: keysInMemory(stored) }
      void turn().then(ended => resume({ account, auth, turn, ended }))
    }
  },
  open: () => [...accounts.values()].filter(({ open }) => open).length,
  close({ account }) {
    const { socket } = accounts.get(account)
    // first: the end of a line that was closed on purpose is no failure
    accounts.delete(account)
    socket.end(undefined)
  },
})

function connect({ account, auth, opened, onQr, onEnd }) {
  const socket = makeWASocket({ auth, waWebSocketUrl: url, logger: silent, ...settings })
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

function resume({ account, auth, turn, ended }) {
  const socket = makeWASocket({ auth, waWebSocketUrl: url, logger: silent, ...settings })
  const held = { socket, open: false }
  accounts.set(account, held)
  socket.ev.on('connection.update', ({ connection }) => {
    if (connection === 'open') held.open = true
    if (connection !== 'connecting' && connection !== undefined) ended()
    if (connection !== 'close' || accounts.get(account) !== held) return
    held.open = false
    void turn().then(again => resume({ account, auth, turn, ended: again }))
  })
}

function keysInMemory(stored) {
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
