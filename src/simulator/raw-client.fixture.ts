/** Unmodified Baileys with keys in memory: the simulator's own tests use nothing else as a client. */
import { BufferJSON, makeWASocket, Curve, initAuthCreds, proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
import type {
  AuthenticationCreds,
  BaileysEventMap,
  SignalDataTypeMap,
  SignalKeyStore,
  SocketConfig,
  WAMessage,
  WASocket,
} from '@whiskeysockets/baileys'
import type { Phone, SimulatorControl } from './control-surface.js'
import type { SeededDevice, StoredKeys } from './seeding/seeded-devices.js'
import { verify } from './wire/curve.js'
import { Waiters } from './waiters.js'

const TIMEOUT_MS = 15_000
const silent: SocketConfig['logger'] = {
  level: 'silent',
  child: () => silent,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** Credentials and keys, as an application would store them. */
export class RawAccount {
  creds: AuthenticationCreds = initAuthCreds()
  readonly #data = new Map<string, unknown>()
  readonly keys: SignalKeyStore = {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const value = this.#data.get(`${type} ${id}`)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was stored under a type is of that type
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    set: async data => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          if (value === null || value === undefined) this.#data.delete(`${type} ${id}`)
          else this.#data.set(`${type} ${id}`, value)
        }
      }
    },
  }

  /** The account a seeded device would have stored. */
  static seeded(device: SeededDevice, sharedKeys: StoredKeys): RawAccount {
    const account = new RawAccount()
    account.creds = JSON.parse(device.creds, BufferJSON.reviver)
    for (const keys of [sharedKeys, device.keys]) {
      for (const [type, entries] of Object.entries(keys)) {
        for (const [id, text] of Object.entries(entries)) {
          const value: unknown = JSON.parse(text, BufferJSON.reviver)
          const stored =
            type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(Object(value)) : value
          account.#data.set(`${type} ${id}`, stored)
        }
      }
    }
    return account
  }

  /** Loses every Signal session, as a restored backup would. */
  forgetSessions(): void {
    for (const name of this.#data.keys()) if (name.startsWith('session ')) this.#data.delete(name)
  }
}

type Seen = { [Name in keyof BaileysEventMap]?: BaileysEventMap[Name][] }

/** One Baileys socket; everything it emitted stays readable. */
export class RawClient {
  readonly sock: WASocket
  readonly messages: WAMessage[] = []
  readonly #seen: Seen = {}
  readonly #waiters = new Waiters<void>()

  constructor(
    simulator: Pick<SimulatorControl, 'url' | 'rootKey'>,
    readonly account: RawAccount,
    options: Partial<SocketConfig> = {},
  ) {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(simulator.rootKey, 'hex')
    Curve.verify = (publicKey, message, signature) => verify(Buffer.from(publicKey).subarray(-32), message, signature)
    this.sock = makeWASocket({
      auth: account,
      waWebSocketUrl: simulator.url,
      logger: silent,
      markOnlineOnConnect: true,
      ...options,
    })
    this.#listen('connection.update')
    this.#listen('messages.upsert', ({ messages }) => this.messages.push(...messages))
    this.#listen('messages.update')
    this.#listen('messaging-history.set')
    this.#listen('creds.update', update => Object.assign(account.creds, update))
  }

  /** Everything emitted under a name so far. */
  seen<Name extends keyof BaileysEventMap>(name: Name): BaileysEventMap[Name][] {
    return this.#seen[name] ?? []
  }

  /** Resolves with the first value `find` answers; looked for again after each event. */
  async until<T>(find: () => T | undefined | false, what: string, timeoutMs = TIMEOUT_MS): Promise<T> {
    for (;;) {
      const found = find()
      if (found !== undefined && found !== false) return found
      await this.#waiters.wait(
        () => {
          const value = find()
          return value !== undefined && value !== false
        },
        timeoutMs,
        () => what,
      )
    }
  }

  async qr(): Promise<string> {
    return this.until(() => this.seen('connection.update').findLast(update => update.qr)?.qr, 'a QR code')
  }

  async open(): Promise<this> {
    await this.until(() => this.seen('connection.update').some(update => update.connection === 'open'), 'open')
    return this
  }

  /** The code the connection ended with. */
  async closed(): Promise<number> {
    const end = await this.until(
      () => this.seen('connection.update').find(update => update.connection === 'close'),
      'the connection to close',
    )
    const error = end.lastDisconnect?.error
    return error && 'output' in error ? error.output.statusCode : 0
  }

  /** A received message with this text. */
  async text(text: string): Promise<WAMessage> {
    return this.until(() => this.messages.find(message => textOf(message) === text), `the text ${text}`)
  }

  /** The status Baileys knows of an own message, from its upsert or later updates. */
  status(id: string): number {
    const updates = this.seen('messages.update').flat()
    const known = [
      ...this.messages.filter(message => message.key.id === id).map(message => message.status ?? 0),
      ...updates.filter(({ key }) => key.id === id).map(({ update }) => update.status ?? 0),
    ]
    return Math.max(0, ...known)
  }

  async close(): Promise<void> {
    await this.sock.end(undefined)
  }

  #listen<Name extends keyof BaileysEventMap>(name: Name, act?: (value: BaileysEventMap[Name]) => void): void {
    this.sock.ev.on(name, value => {
      const list = (this.#seen[name] ??= []) as BaileysEventMap[Name][]
      list.push(value)
      act?.(value)
      this.#waiters.offer()
    })
  }
}

export function textOf(message: WAMessage): string | undefined {
  return message.message?.conversation ?? message.message?.extendedTextMessage?.text ?? undefined
}

/** An account whose device 1 was linked long ago, and its phone. */
export async function seededAccount(
  simulator: SimulatorControl,
  firstNumber: string,
): Promise<{ account: RawAccount; phone: Phone }> {
  const { devices, sharedKeys } = await simulator.seedDevices({ count: 1, preKeys: 30, firstNumber })
  const [device] = devices
  if (!device) throw new Error('no device')
  return { account: RawAccount.seeded(device, sharedKeys), phone: await simulator.phone(device.phoneNumber) }
}

/** Links a new client by QR and brings it through the restart until it is open. */
export async function linkClient(
  simulator: SimulatorControl,
  phone: Phone,
  options: Partial<SocketConfig> = {},
): Promise<RawClient> {
  const account = new RawAccount()
  const linking = new RawClient(simulator, account, options)
  await phone.scan(await linking.qr())
  const code = await linking.closed()
  if (code !== 515) throw new Error(`linking ended with ${code}`)
  return new RawClient(simulator, account, options).open()
}

/** What Baileys downloads from WhatsApp's media host comes from a simulator's instead. */
export function mediaFrom(mediaUrl: string): RequestInit {
  const dispatch = (options: object, handler: unknown): unknown => {
    // exists once something was fetched
    const host: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'))
    if (typeof host !== 'object' || host === null || !('dispatch' in host) || typeof host.dispatch !== 'function') {
      throw new Error('fetch has no dispatcher')
    }
    return host.dispatch({ ...options, origin: mediaUrl }, handler)
  }
  return Object.assign<RequestInit, object>({}, { dispatcher: { dispatch } })
}
