import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { SessionId, type WorkspaceId } from '../../contract/ids.js'
import type { LinkAttemptView, LinkMode, StartLinkAnswer } from '../../contract/linking.js'
import type { TenantReader, Tenants } from '../database/tenant-transaction.js'
import type { Engine } from '../engine/engine.js'
import { createKeyStore } from '../engine/postgres-keystore.js'
import type { EventLog } from '../events/event-log.js'
import { newVisitorToken, visitorHash, type VisitorToken } from '../http/attempt-cookie.js'
import type { ClaimedSession } from '../leases/session-leases.js'
import type { Log } from '../log.js'
import type { Sessions } from '../sessions/sessions.js'
import type { Vault } from '../vault/vault.js'
import { createAttemptTurns } from './attempt-turns.js'
import { attemptView } from './attempt-view.js'
import { qrPicture } from './qr-picture.js'
import { findVisitorsAttempt, latestAttempt, type Attempt } from './attempts-store.js'
import { cancelPromoted } from './cancel-promoted.js'
import { discardAttempt } from './discard-attempt.js'
import { attemptNotFound, attemptRunning, startFailed } from './errors.js'
import { LinkAttempt } from './link-attempt.js'
import { hasEnded } from './link-phase.js'
import { openAttempt } from './open-attempt.js'

/** Linking as its callers see it. A visitor is known by the token in their cookie and by nothing else. */
export interface Linking extends AsyncDisposable {
  /**
   * Opens an attempt and answers with its first QR, or joins the one this browser has under way.
   * @returns the token for the visitor's cookie
   * @throws GatewayError `attempt_running`, `whatsapp_unreachable`, `database_unavailable`
   */
  start(visitor: VisitorToken | null): Promise<{ visitor: VisitorToken; answer: StartLinkAnswer }>
  /** @throws GatewayError `attempt_not_found` for an unknown id and for another visitor's alike */
  view(visitor: VisitorToken | null, sessionId: SessionId): Promise<LinkAttemptView>
  /** The newest attempt of this browser, or null when it has none: a reload in the middle finds it again. */
  current(visitor: VisitorToken | null): Promise<LinkAttemptView | null>
  cancel(visitor: VisitorToken | null, sessionId: SessionId): Promise<void>
  /** Whether this node runs the attempt: true from before its row can be seen. */
  has(sessionId: SessionId): boolean
  /** Ends an attempt that a lost node left behind before it became a session. */
  abandon(claimed: ClaimedSession): Promise<void>
}

export type LinkingDeps = {
  tenants: Tenants
  engine: Engine
  events: EventLog
  vault: Vault
  sessions: Sessions
  log: Log
  nodeId: string
  /** The operator's workspace: sessions of the public page belong there. */
  workspaceId: () => WorkspaceId
  mode: LinkMode
}

/** `attempt` is null when another tab of the browser was faster: then `sessionId` is that tab's. */
type Beginning = { sessionId: SessionId; attempt: LinkAttempt | null }

/** Longest time that attempts under way may take to be ended when the process stops. */
const endLimitMs = 5_000

export function createLinking(deps: LinkingDeps): Linking {
  const { tenants, engine, events, vault, mode } = deps
  const log = deps.log.child('linking')
  /** Attempts of this node, from before their rows can be seen: whoever finds a row of this node finds its process here. */
  const running = new Map<SessionId, Promise<Beginning>>()

  const read = <Result>(work: (tx: TenantReader) => Promise<Result>) =>
    tenants.read({ workspaceId: deps.workspaceId() }, work)

  const begin = async (visitor: VisitorToken, isNew: boolean, sessionId: SessionId): Promise<Beginning> => {
    const credentials = await engine.newCredentials()
    const opened = await openAttempt(deps, { sessionId, visitorHash: visitorHash(visitor), isNew })
    if (!('fence' in opened)) return { sessionId: opened.sessionId, attempt: null }
    const turns = createAttemptTurns({ ...deps, log, onOver: () => running.delete(sessionId) }, opened, mode)
    const keys = createKeyStore({ tenants, sealer: opened.sealer }, opened, credentials)
    const attempt = new LinkAttempt({ engine, log, turns }, keys)
    attempt.start()
    return { sessionId, attempt }
  }

  const open = async (visitor: VisitorToken, isNew: boolean): Promise<SessionId> => {
    const sessionId = SessionId.parse(randomUUID())
    const beginning = begin(visitor, isNew, sessionId)
    running.set(sessionId, beginning)
    try {
      const begun = await beginning
      if (begun.attempt === null) running.delete(sessionId)
      return begun.sessionId
    } catch (error) {
      running.delete(sessionId)
      throw error
    }
  }

  const qrOf = async (visitor: VisitorToken, sessionId: SessionId): Promise<StartLinkAnswer> => {
    const begun = await running.get(sessionId)
    const shown = await begun?.attempt?.shownQr()
    if (shown && 'end' in shown) throw startFailed(shown.end)
    if (shown) return { sessionId, qrCode: await qrPicture(shown.qr) }
    // another node shows it, or nobody any more
    const { qrCode, phase } = await view(visitor, sessionId)
    if (qrCode !== undefined) return { sessionId, qrCode }
    throw hasEnded(phase) ? attemptNotFound() : attemptRunning()
  }

  const find = (visitor: VisitorToken | null, search: (tx: TenantReader, hash: Buffer) => Promise<Attempt | null>) =>
    read(async tx => {
      const attempt = visitor === null ? null : await search(tx, visitorHash(visitor))
      return attempt === null ? null : attemptView(tx, vault, attempt)
    })

  const view = async (visitor: VisitorToken | null, sessionId: SessionId) => {
    const found = await find(visitor, (tx, hash) => findVisitorsAttempt(tx, hash, sessionId))
    if (found === null) throw attemptNotFound()
    return found
  }

  return {
    async start(known) {
      const under = known === null ? null : await read(tx => latestAttempt(tx, visitorHash(known)))
      // a token that no attempt of ours was given for may have been planted by somebody who knows it
      const visitor = known === null || under === null ? newVisitorToken() : known
      const joins = under !== null && !hasEnded(under.phase)
      const sessionId = joins ? under.sessionId : await open(visitor, under === null)
      return { visitor, answer: await qrOf(visitor, sessionId) }
    },
    view,
    current: visitor => find(visitor, latestAttempt),
    async cancel(visitor, sessionId) {
      const { phase } = await view(visitor, sessionId)
      if (hasEnded(phase)) return
      const begun = await running.get(sessionId)
      if (begun?.attempt) return begun.attempt.end({ phase: 'cancelled', reason: 'cancelled' })
      if (phase !== 'preparing' && phase !== 'delivering') throw attemptRunning()
      await cancelPromoted(deps, { workspaceId: deps.workspaceId(), sessionId })
    },
    has: sessionId => running.has(sessionId),
    abandon: ({ workspaceId, sessionId, fence }) =>
      discardAttempt(
        { tenants, events, vault },
        { workspaceId, sessionId, fence, phase: 'failed', reason: 'server_restarted' },
      ),
    async [Symbol.asyncDispose]() {
      const end = { phase: 'failed', reason: 'server_restarted' } as const
      const ending = [...running.values()].map(beginning =>
        beginning.then(
          ({ attempt }) => attempt?.abort(end),
          () => {},
        ),
      )
      // what a dead database does not take now is ended by whoever claims it later
      await Promise.race([Promise.all(ending), delay(endLimitMs, undefined, { ref: false })])
    },
  }
}
