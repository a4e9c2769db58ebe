import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { WorkspaceId } from '../../src/contract/ids.js'
import { createEventLog } from '../../src/backend/events/event-log.js'
import type { CloseReason, Engine, EngineEvent } from '../../src/backend/engine/engine.js'
import type { WatchSettings } from '../../src/backend/engine/baileys/session-watch.js'
import { loadKeyStore } from '../../src/backend/engine/postgres-keystore.js'
import { createLog } from '../../src/backend/log.js'
import type { SessionIdentity } from '../../src/backend/sessions/session-identity.js'
import { createSessions, type SessionHooks, type Sessions } from '../../src/backend/sessions/sessions.js'
import type { Phone, Simulator } from '../../src/simulator/index.js'
import { EngineRig } from './engine-rig.js'
import { quickConnects, type QuickConnects } from './quick-connects.js'
import { Rows } from './rows.js'

export type Shown = { state: string; reason: string | null; wanted: boolean }

export type SessionRigOptions = {
  /** Between looks at what is shown, which begin with `hooks`. */
  compareEveryMs?: number
  /** When a connection is taken for ill, and by which clock. */
  watch?: WatchSettings
}

/** Sessions over a real engine, whose waits between connects are noted and passed over when the test says so. */
export class SessionRig implements AsyncDisposable {
  /** Milliseconds of every wait so far that was not nothing. */
  readonly waits: number[] = []
  readonly logLines: string[] = []
  /** What each connection's events went to, oldest first. */
  readonly connections: ((event: EngineEvent) => void)[] = []
  /** How connections ended, oldest first. */
  readonly ends: CloseReason[] = []
  /** Aborts when the session stops that has waited last. */
  stopping: AbortSignal | null = null
  readonly sessions: Sessions
  readonly connects: QuickConnects
  #hold = false
  #waiting: (() => void)[] = []

  private constructor(
    readonly rig: EngineRig,
    readonly rows: Rows,
    { compareEveryMs, watch }: SessionRigOptions,
  ) {
    const { tenants, database, vault, simulator } = rig
    const log = createLog({ level: 'debug', destination: { write: line => void this.logLines.push(line) } })
    this.connects = quickConnects(database, log)
    this.sessions = createSessions({
      tenants,
      engine: this.#watched(watch === undefined ? rig.engine : rig.engineAt(simulator.url, undefined, watch)),
      events: createEventLog({ vault }),
      log,
      ...this.connects,
      ...(compareEveryMs !== undefined && { compareEveryMs }),
      wait: async (ms, signal) => {
        this.stopping = signal
        if (ms > 0) this.waits.push(ms)
        if (ms === 0 || !this.#hold || signal.aborted) return
        await new Promise<void>(resolve => {
          this.#waiting.push(resolve)
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      },
    })
  }

  static async start(options: SessionRigOptions = {}): Promise<SessionRig> {
    const rig = await EngineRig.start()
    return new SessionRig(rig, new Rows(rig.clone.ownerUrl), options)
  }

  get simulator(): Simulator {
    return this.rig.simulator
  }

  /** Of what was noted so far, nothing is left. */
  forget(): void {
    this.waits.length = 0
    this.logLines.length = 0
    this.connections.length = 0
    this.ends.length = 0
  }

  /** How often the log says this. */
  told(event: string): number {
    return this.logLines.filter(line => line.includes(`"event":"${event}"`)).length
  }

  hooks(hooks: Partial<SessionHooks>): void {
    const nothing = async () => {}
    const none = {
      onOpen: nothing,
      onMessage: nothing,
      onMissed: nothing,
      onResting: nothing,
      isLinking: async () => false,
    }
    this.sessions.start({ ...none, ...hooks })
  }

  /** From here on waits last until `passWaits`. */
  holdWaits(): void {
    this.#hold = true
  }

  passWaits(): void {
    this.#hold = false
    this.#waiting.splice(0).forEach(resolve => resolve())
  }

  /** A linked account as a session of this node that does not run yet. @param workspaceId default: the operator's */
  async linked(phone?: Phone, workspaceId?: WorkspaceId): Promise<{ identity: SessionIdentity; phone: Phone }> {
    const owner = phone ?? (await this.rig.phone())
    const account = await this.rig.linked(owner, workspaceId)
    await account.close()
    const { identity } = account
    await this.rows.query(
      `with person as (insert into people (workspace_id, phone_number) values ($1, $3) returning id)
       insert into sessions (workspace_id, id, person_id, mode, state, phone_number)
       select $1, $2, id, 'managed', 'connecting', $3 from person`,
      [identity.workspaceId, identity.sessionId, owner.phoneNumber],
    )
    return { identity, phone: owner }
  }

  async shown({ sessionId }: Pick<SessionIdentity, 'sessionId'>): Promise<Shown> {
    const [row] = await this.rows.query<Shown>(
      `select s.state, s.reason, l.wanted from sessions s join session_leases l on l.session_id = s.id where s.id = $1`,
      [sessionId],
    )
    if (row === undefined) throw new Error('no such session')
    return row
  }

  async becomes(session: Pick<SessionIdentity, 'sessionId'>, [state, reason]: [string, string | null]): Promise<void> {
    await expect.poll(() => this.shown(session), { timeout: 20_000 }).toMatchObject({ state, reason })
  }

  /** Every state and reason since it began to run, in order. */
  async history({ sessionId }: Pick<SessionIdentity, 'sessionId'>): Promise<[string, string | null][]> {
    const rows = await this.rows.query<{ state: string; reason: string | null }>(
      `select state, reason from session_history where session_id = $1 order by position`,
      [sessionId],
    )
    return rows.map(({ state, reason }) => [state, reason])
  }

  /** What says whose device the stored credentials are. @throws when they cannot be used any more */
  async identityKey(identity: SessionIdentity): Promise<string> {
    const { tenants, engine } = this.rig
    const keys = await loadKeyStore({ tenants, sealer: identity.sealer }, identity)
    const { creds } = engine.portableSource(keys.credentials, new Map())
    return Buffer.from(creds.signedIdentityKey.public).toString('base64')
  }

  /** Whether credentials are stored, and whether they are put away until they are destroyed. */
  async stored({ sessionId }: SessionIdentity): Promise<{ credentials: boolean; quarantined: boolean }> {
    const [row] = await this.rows.query<{ credentials: boolean; quarantined: boolean }>(
      `select exists (select from session_credentials where session_id = s.id) as credentials,
         s.quarantined_at is not null and s.shred_at > now() as quarantined from sessions s where s.id = $1`,
      [sessionId],
    )
    return row ?? { credentials: false, quarantined: false }
  }

  /** As on another node: its lease is raised, so that this one's writes are refused. */
  async takeAway({ sessionId }: SessionIdentity): Promise<void> {
    await this.rows.query(`update session_leases set node_id = $2, epoch = epoch + 1 where session_id = $1`, [
      sessionId,
      randomUUID(),
    ])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.passWaits()
    await this.sessions[Symbol.asyncDispose]()
    await this.connects.pacer[Symbol.asyncDispose]()
    await this.rows[Symbol.asyncDispose]()
    await this.rig[Symbol.asyncDispose]()
  }

  #watched(engine: Engine): Engine {
    return {
      ...engine,
      connect: options => {
        const onEvent = (event: EngineEvent) => {
          if (event.type === 'closed') this.ends.push(event.reason)
          options.onEvent(event)
        }
        this.connections.push(onEvent)
        return engine.connect({ ...options, onEvent })
      },
    }
  }
}
