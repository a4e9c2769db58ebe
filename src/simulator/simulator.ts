import { randomBytes } from 'node:crypto'
import { jidOf } from './accounts/jid.js'
import type { Companion, Person } from './accounts/person.js'
import { Chance } from './chance.js'
import { RandomChaos } from './chaos.js'
import type {
  ConnectionSpan,
  Hold,
  LedgerEntry,
  Phone,
  PhoneInfo,
  Problem,
  RestartOptions,
  SimulatorControl,
  StanzaMatch,
} from './control-surface.js'
import type { Chaos, ChaosOptions } from './chaos-control.js'
import type { SeededDevices, SeedOptions } from './seeding/seeded-devices.js'
import { SimulatorError } from './errors.js'
import { Exchange } from './exchange.js'
import { deviceFaults, type DeviceFaults } from './faults/device-faults.js'
import type { FaultParams } from './faults/fault.js'
import { setOff } from './faults/registry.js'
import { fits, Ledger } from './ledger.js'
import { FrontEnds } from './front-ends.js'
import { LEDGER_VERSION } from './ledger-lines.js'
import { MediaServer } from './media/media-server.js'
import { LocalPhone } from './phone/local-phone.js'
import { PhoneDevice } from './phone/phone-device.js'
import { Problems } from './problems.js'
import { untilQuiet } from './quiet.js'
import { seedDevices } from './seeding/seed-devices.js'
import type { SimulatorOptions } from './simulator-options.js'
import { StateFile } from './state/state-file.js'
import { certificateChain, createRootKey } from './wire/certificates.js'
import { generateKeyPair } from './wire/curve.js'
import type { UpgradeAnswer } from './wire/upgrade-answer.js'

const DEFAULT_TIMEOUT_MS = 10_000
const CODE_LIFETIME_MS = 180_000
/** what WhatsApp allows besides the phone */
const DEVICE_LIMIT = 4
const PHONE_NUMBER = /^\d{5,20}$/

/** The simulator inside the process that started it. */
export class Simulator implements SimulatorControl {
  readonly #chance: Chance
  readonly #chaos = new Set<Chaos>()
  readonly #phones = new Map<Person, LocalPhone>()
  #stopping: Promise<void> | undefined

  /** @internal see `startSimulator` */
  constructor(
    readonly urls: readonly string[],
    readonly rootKey: string,
    readonly seed: string,
    private readonly parts: {
      exchange: Exchange
      ledger: Ledger
      problems: Problems
      frontEnds: FrontEnds
      media: MediaServer
      state: StateFile | undefined
      timeoutMs: number
    },
  ) {
    this.#chance = new Chance(seed)
  }

  get url(): string {
    return this.urls[0] ?? ''
  }

  get mediaUrl(): string {
    return this.parts.media.url
  }

  /** The most files that were being fetched at one time so far. */
  get mostDownloadsAtOnce(): number {
    return this.parts.media.mostAtOnce
  }

  async phone(phoneNumber: string, options: { name?: string | undefined } = {}): Promise<Phone> {
    if (!PHONE_NUMBER.test(phoneNumber)) throw new SimulatorError('bad_request', 'a phone number is digits only')
    const { exchange, state } = this.parts
    let person = exchange.accounts.get(phoneNumber)
    if (!person) {
      person = exchange.accounts.create(phoneNumber, options.name ?? `Phone ${phoneNumber.slice(-4)}`)
      state?.changed()
    }
    if (options.name !== undefined) person.name = options.name
    return this.#phone(person)
  }

  async phones(): Promise<PhoneInfo[]> {
    return this.parts.exchange.accounts.all().map(person => ({
      phoneNumber: person.phoneNumber,
      lid: jidOf(person, 'lid'),
      jid: jidOf(person, 'pn'),
      name: person.name,
      online: person.phone instanceof PhoneDevice && person.phone.online,
      devices: person.companions.size,
    }))
  }

  async hold(match: StanzaMatch): Promise<Hold> {
    return this.parts.exchange.holds.hold(match)
  }

  async waitForStanza(match: StanzaMatch & { since?: number | undefined }, timeoutMs?: number): Promise<LedgerEntry> {
    return this.waitFor(entry => fits(entry, match), timeoutMs, match.since, `a stanza ${JSON.stringify(match)}`)
  }

  /** As `waitForStanza`, with a predicate; only inside the process. */
  async waitFor(
    accepts: (entry: LedgerEntry) => boolean,
    timeoutMs = this.parts.timeoutMs,
    since?: number,
    what?: string,
  ): Promise<LedgerEntry> {
    return this.parts.ledger.waitFor(accepts, timeoutMs, since, what)
  }

  async ledger(match?: StanzaMatch): Promise<LedgerEntry[]> {
    return this.parts.ledger.entries(match)
  }

  async problems(): Promise<Problem[]> {
    return this.parts.problems.list()
  }

  async assertClean(): Promise<void> {
    this.parts.problems.assertClean()
  }

  async seedDevices(options: SeedOptions): Promise<SeededDevices> {
    const { exchange, state } = this.parts
    return seedDevices({ accounts: exchange.accounts, changed: () => state?.changed() }, this.seed, options)
  }

  async connections(match?: Pick<StanzaMatch, 'account' | 'device'>): Promise<ConnectionSpan[]> {
    return this.parts.exchange.connections.spans(match)
  }

  async watchOwners(options: { heardWithinMs?: number | undefined } = {}): Promise<void> {
    this.parts.exchange.owners.start(options.heardWithinMs)
  }

  async restartFrontEnd(frontEnd: number, options?: RestartOptions): Promise<void> {
    await this.parts.frontEnds.restart(frontEnd, options)
  }

  async restartAll(options: RestartOptions & { staggerMs?: number | undefined } = {}): Promise<void> {
    await this.parts.frontEnds.restartAll(options)
  }

  async fault(name: string, params: FaultParams = {}): Promise<void> {
    this.#setOff(name, params)
  }

  async chaos(options: ChaosOptions = {}): Promise<Chaos> {
    const { exchange, frontEnds } = this.parts
    const chaos = new RandomChaos(options.seed ?? this.seed, options, {
      accounts: exchange.accounts,
      frontEnds: this.urls.length,
      setOff: (name, params) => this.#setOff(name, params),
      restart: (frontEnd, forMs) => frontEnds.restart(frontEnd, { forMs, how: 'mixed' }),
    })
    this.#chaos.add(chaos)
    return chaos
  }

  /** The named faults of one linked device as methods. */
  device(phoneNumber: string, deviceId: number): DeviceFaults {
    return deviceFaults((name, params) => this.#setOff(name, { phone: phoneNumber, device: deviceId, ...params }))
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    await this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #setOff(name: string, params: FaultParams): void {
    const { exchange, ledger, media, frontEnds } = this.parts
    ledger.note({ kind: 'fault', name, params })
    const deps = {
      accounts: exchange.accounts,
      incidents: exchange.incidents,
      rejections: exchange.rejections,
      chance: this.#chance,
      media,
      registering: () => exchange.registering(),
      answerUpgrades: (answer: UpgradeAnswer | undefined) => void (frontEnds.refusal = answer),
      limitDevices: (max: number, number?: string) => exchange.limitDevices(max, number),
      codeLifetime: (ms: number) => void (exchange.codes.lifetimeMs = ms),
    }
    setOff(deps, name, params)
  }

  async #stop(): Promise<void> {
    const calmed = [...this.#chaos].map(chaos => chaos.stop())
    const { exchange, ledger, frontEnds, media, state } = this.parts
    exchange.stop()
    await frontEnds[Symbol.asyncDispose]()
    await media[Symbol.asyncDispose]()
    await Promise.all(calmed)
    ledger.note({ kind: 'stopped' })
    await state?.[Symbol.asyncDispose]()
    await ledger[Symbol.asyncDispose]()
  }

  #phone(person: Person): LocalPhone {
    const { exchange, timeoutMs, ledger } = this.parts
    const device = person.phone
    if (!(device instanceof PhoneDevice)) throw new SimulatorError('bad_request', 'this account has no simulated phone')
    let phone = this.#phones.get(person)
    if (!phone) {
      phone = new LocalPhone(device, {
        accounts: exchange.accounts,
        pairing: exchange.pairing,
        codes: exchange.codes,
        deviceChanges: exchange.deviceChanges,
        timeoutMs,
        quiet: account => untilQuiet({ exchange, ledger }, account, timeoutMs),
        remove: (companion: Companion) => exchange.remove(companion),
      })
      this.#phones.set(person, phone)
    }
    return phone
  }
}

/**
 * Starts a WhatsApp on 127.0.0.1. Clients have to be told its `url` and, once, its `rootKey`.
 * @throws Error when the port is taken or the state file cannot be read
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const root = options.rootKey ?? createRootKey()
  const staticKey = generateKeyPair()
  const identity = { staticKey, certificates: certificateChain(root, staticKey.publicKey, new Date()) }
  const ledger = options.ledgerFile === undefined ? new Ledger() : await Ledger.open(options.ledgerFile)
  const problems = new Problems(event => ledger.note(event))
  let state: StateFile | undefined
  const exchange = new Exchange({
    identity,
    ledger,
    problems,
    deviceLimit: options.deviceLimit ?? DEVICE_LIMIT,
    codeLifetimeMs: options.codeLifetimeMs ?? CODE_LIFETIME_MS,
    changed: () => state?.changed(),
  })
  if (options.stateFile !== undefined) {
    state = await StateFile.open(options.stateFile, exchange.accounts, error => {
      problems.violation(`the state could not be saved: ${error.message}`)
    })
  }
  const { port = 0, seed = randomBytes(6).toString('hex') } = options
  const frontEnds = await FrontEnds.open({
    ports: Array.from({ length: options.frontEnds ?? 1 }, (_, index) => (port === 0 ? 0 : port + index)),
    accept: arrival => exchange.connect(arrival),
    end: (frontEnd, how) => exchange.endFrontEnd(frontEnd, how),
    note: event => ledger.note(event),
  })
  const timeoutMs = options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS
  const media = await MediaServer.open()
  const parts = { exchange, ledger, problems, frontEnds, media, state, timeoutMs }
  const simulator = new Simulator(frontEnds.urls, root.publicKey, seed, parts)
  ledger.note({ kind: 'started', version: LEDGER_VERSION, urls: frontEnds.urls, seed })
  return simulator
}
