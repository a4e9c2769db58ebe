import type {
  CodeRequest,
  ConnectionSpan,
  Hold,
  LedgerEntry,
  LinkedDevice,
  ManyOptions,
  MessageMatch,
  Phone,
  PhoneInfo,
  PhoneMessage,
  Problem,
  RestartOptions,
  SendOptions,
  SimulatorControl,
  StanzaMatch,
} from '../control-surface.js'
import type { Chaos, ChaosAct, ChaosOptions } from '../chaos-control.js'
import type { SeededDevices, SeedOptions } from '../seeding/seeded-devices.js'
import { assertNoProblems } from '../problems.js'
import { remoteCall, type Call } from './remote-call.js'

/** What a method is declared to answer; both ends are built from one source. */
async function ask<T>(call: Call, method: string, params?: Record<string, unknown>): Promise<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the simulator's own methods answer it
  return (await call(method, params)) as T
}

class RemotePhone implements Phone {
  constructor(
    private readonly call: Call,
    private readonly described: Pick<Phone, 'phoneNumber' | 'lid' | 'jid' | 'name'>,
  ) {}

  get phoneNumber(): string {
    return this.described.phoneNumber
  }

  get lid(): string {
    return this.described.lid
  }

  get jid(): string {
    return this.described.jid
  }

  get name(): string {
    return this.described.name
  }

  scan(qr: string): Promise<LinkedDevice> {
    return this.#ask('scan', { qr })
  }

  scanPicture(png: Uint8Array): Promise<LinkedDevice> {
    return this.#ask('scanPicture', { png: Buffer.from(png).toString('base64') })
  }

  enterCode(code: string, options: { of?: string | undefined } = {}): Promise<LinkedDevice> {
    return this.#ask('enterCode', { code, ...options })
  }

  codeRequests(): Promise<CodeRequest[]> {
    return this.#ask('codeRequests')
  }

  waitForCodeRequest(timeoutMs?: number): Promise<CodeRequest> {
    return this.#ask('waitForCodeRequest', { timeoutMs })
  }

  send(to: string | Phone, text: string, options: SendOptions = {}): Promise<{ id: string }> {
    return this.#ask('send', { to: typeof to === 'string' ? to : to.jid, text, ...options })
  }

  sendMany(to: string | Phone, count: number, options: ManyOptions = {}): Promise<string[]> {
    return this.#ask('sendMany', { to: typeof to === 'string' ? to : to.jid, count, ...options })
  }

  messages(chat?: string): Promise<PhoneMessage[]> {
    return this.#ask('messages', { chat })
  }

  waitForMessage(match: MessageMatch = {}, timeoutMs?: number): Promise<PhoneMessage> {
    return this.#ask('waitForMessage', { match, timeoutMs })
  }

  async waitForQuiet(): Promise<void> {
    await this.#ask('waitForQuiet')
  }

  async read(chat: string): Promise<void> {
    await this.#ask('read', { chat })
  }

  devices(): Promise<LinkedDevice[]> {
    return this.#ask('devices')
  }

  waitForDevice(state: 'online' | 'offline' | 'linked', timeoutMs?: number): Promise<LinkedDevice> {
    return this.#ask('waitForDevice', { state, timeoutMs })
  }

  async unlink(deviceId: number): Promise<void> {
    await this.#ask('unlink', { deviceId })
  }

  async goOffline(): Promise<void> {
    await this.#ask('goOffline')
  }

  async goOnline(): Promise<void> {
    await this.#ask('goOnline')
  }

  #ask<T>(verb: string, params: Record<string, unknown> = {}): Promise<T> {
    return ask(this.call, `phone.${verb}`, { phone: this.phoneNumber, ...params })
  }
}

/** A simulator in another process, through its control channel. */
class RemoteSimulator implements SimulatorControl {
  readonly #holds = new Set<Hold>()

  constructor(
    private readonly call: Call,
    readonly urls: readonly string[],
    readonly mediaUrl: string,
    readonly rootKey: string,
  ) {}

  get url(): string {
    return this.urls[0] ?? ''
  }

  seedDevices(options: SeedOptions): Promise<SeededDevices> {
    return ask(this.call, 'seedDevices', options)
  }

  connections(match: Pick<StanzaMatch, 'account' | 'device'> = {}): Promise<ConnectionSpan[]> {
    return ask(this.call, 'connections', match)
  }

  async watchOwners(options: { heardWithinMs?: number | undefined } = {}): Promise<void> {
    await this.call('watchOwners', options)
  }

  async restartFrontEnd(frontEnd: number, options: RestartOptions = {}): Promise<void> {
    await this.call('restartFrontEnd', { frontEnd, ...options })
  }

  async restartAll(options: RestartOptions & { staggerMs?: number | undefined } = {}): Promise<void> {
    await this.call('restartAll', options)
  }

  async phone(phoneNumber: string, options: { name?: string | undefined } = {}): Promise<Phone> {
    return new RemotePhone(this.call, await ask(this.call, 'phone', { phone: phoneNumber, ...options }))
  }

  phones(): Promise<PhoneInfo[]> {
    return ask(this.call, 'phones')
  }

  async hold(match: StanzaMatch): Promise<Hold> {
    const id = await ask<string>(this.call, 'hold', { match })
    const reached = ask<LedgerEntry>(this.call, 'hold.reached', { id })
    reached.catch(() => undefined)
    const end = async (method: string): Promise<void> => {
      this.#holds.delete(hold)
      await this.call(method, { id })
    }
    const hold: Hold = { reached, release: () => end('hold.release'), drop: () => end('hold.drop') }
    this.#holds.add(hold)
    return hold
  }

  waitForStanza(match: StanzaMatch & { since?: number | undefined }, timeoutMs?: number): Promise<LedgerEntry> {
    return ask(this.call, 'stanza.wait', { match, timeoutMs })
  }

  ledger(match: StanzaMatch = {}): Promise<LedgerEntry[]> {
    return ask(this.call, 'ledger', { match })
  }

  problems(): Promise<Problem[]> {
    return ask(this.call, 'problems')
  }

  async assertClean(): Promise<void> {
    assertNoProblems(await this.problems())
  }

  async fault(name: string, params: Record<string, string | number | boolean> = {}): Promise<void> {
    await this.call('fault', { name, params })
  }

  async chaos(options: ChaosOptions = {}): Promise<Chaos> {
    const { id, seed } = await ask<{ id: string; seed: string }>(this.call, 'chaos', options)
    const acts = (): Promise<ChaosAct[]> => ask(this.call, 'chaos.acts', { id })
    return { seed, acts, stop: () => ask(this.call, 'chaos.stop', { id }) }
  }

  async stop(): Promise<void> {
    this.#holds.clear()
    await this.call('stop')
  }

  /** Lets go of what this client holds; the simulator goes on, since somebody else started it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#holds].map(hold => hold.release()))
  }
}

/**
 * Takes hold of a simulator that runs in its own process.
 * @throws SimulatorError `stopped` when nothing answers at `controlUrl`
 */
export async function connectSimulator(controlUrl: string): Promise<SimulatorControl> {
  const call = remoteCall(controlUrl)
  const described = await ask<{ urls: string[]; mediaUrl: string; rootKey: string }>(call, 'describe')
  return new RemoteSimulator(call, described.urls, described.mediaUrl, described.rootKey)
}
