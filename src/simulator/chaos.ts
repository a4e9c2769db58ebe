import type { Accounts } from './accounts/accounts.js'
import type { Companion } from './accounts/person.js'
import { Chance } from './chance.js'
import { CHAOS_KINDS, type Chaos, type ChaosAct, type ChaosKind, type ChaosOptions } from './chaos-control.js'
import { SimulatorError } from './errors.js'
import type { FaultParams } from './faults/fault.js'
import { monotonicMs } from './ledger-lines.js'

const PER_SECOND = 1
const LONGEST_RESTART_MS = 2_000

export type ChaosDeps = {
  accounts: Accounts
  frontEnds: number
  setOff(name: string, params: FaultParams): void
  restart(frontEnd: number, forMs: number): Promise<void>
}

type Recipe = { fault: string; params?: (chance: Chance) => FaultParams }

/** What each kind does to one device. */
const RECIPES: Record<Exclude<ChaosKind, 'front-end'>, Recipe> = {
  cut: { fault: 'drop' },
  end: { fault: 'stream-end' },
  unavailable: { fault: 'stream-error', params: () => ({ code: 503 }) },
  unknown: { fault: 'stream-error', params: () => ({ child: 'weird' }) },
  restart: { fault: 'stream-error', params: () => ({ code: 515 }) },
  'login-refused': { fault: 'fail-next-login', params: chance => ({ reason: chance.pick([500, 503]) }) },
  silence: { fault: 'silence' },
  deaf: { fault: 'deaf' },
  'half-open': { fault: 'half-open' },
  'partial-frame': { fault: 'partial-frame' },
  duplicate: { fault: 'duplicate', params: chance => ({ count: chance.integer(1, 3), times: chance.integer(2, 4) }) },
  reorder: { fault: 'reorder', params: chance => ({ count: chance.integer(2, 4) }) },
  'drain-pre-keys': { fault: 'drain-pre-keys', params: chance => ({ leave: chance.integer(0, 5) }) },
}

/**
 * Trouble at random, until it is stopped. Which kind, when after the one before, and which of the linked devices come out of the seed alone; a
 * device that is not online when its turn comes is missed.
 */
export class RandomChaos implements Chaos {
  readonly #acts: ChaosAct[] = []
  readonly #chance: Chance
  readonly #kinds: readonly ChaosKind[]
  readonly #gapMs: number
  readonly #restarts = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    readonly seed: string,
    options: ChaosOptions,
    private readonly deps: ChaosDeps,
  ) {
    const { kinds = CHAOS_KINDS, perSecond = PER_SECOND } = options
    if (kinds.length === 0 || !(perSecond > 0)) throw new SimulatorError('bad_request', 'chaos needs kinds and a rate')
    this.#chance = new Chance(seed)
    this.#kinds = kinds
    this.#gapMs = 1000 / perSecond
    this.#plan()
  }

  async acts(): Promise<ChaosAct[]> {
    return [...this.#acts]
  }

  async stop(): Promise<ChaosAct[]> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await Promise.all(this.#restarts)
    if (this.#kinds.includes('login-refused')) this.deps.setOff('clear-faults', { at: 'login' })
    for (const companion of this.#devices()) {
      companion.calm()
      companion.line?.behave('normal')
    }
    return this.acts()
  }

  /** Gaps as between independent events: mostly short, sometimes long. */
  #plan(): void {
    const gap = -Math.log(1 - this.#chance.next()) * this.#gapMs
    this.#timer = setTimeout(() => {
      this.#acts.push(this.#act())
      this.#plan()
    }, gap)
  }

  #act(): ChaosAct {
    const kind = this.#chance.pick(this.#kinds)
    const at = monotonicMs()
    const place = this.#chance.next()
    if (kind === 'front-end') {
      const frontEnd = Math.floor(place * this.deps.frontEnds)
      const restart = this.deps.restart(frontEnd, this.#chance.integer(0, LONGEST_RESTART_MS))
      const over = restart.catch(() => undefined).finally(() => this.#restarts.delete(over))
      this.#restarts.add(over)
      return { at, kind, frontEnd }
    }
    const { fault, params } = RECIPES[kind]
    const drawn = params?.(this.#chance)
    const devices = this.#devices()
    const device = devices[Math.floor(place * devices.length)]
    if (!device) return { at, kind, missed: true }
    const who = { phone: device.person.phoneNumber, device: device.deviceId }
    try {
      this.deps.setOff(fault, { ...who, ...drawn })
      return { at, kind, ...who }
    } catch (error) {
      if (!(error instanceof SimulatorError)) throw error
      return { at, kind, ...who, missed: true }
    }
  }

  /** Linked devices in the order of their numbers, which does not depend on who came first. */
  #devices(): Companion[] {
    return this.deps.accounts
      .all()
      .toSorted((one, other) => (one.phoneNumber < other.phoneNumber ? -1 : 1))
      .flatMap(({ companions }) => [...companions.values()].filter(({ confirmed }) => confirmed))
  }
}
