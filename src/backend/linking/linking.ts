import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import { readPhoneNumber } from '../../contract/phone-number.js'
import type { LinkAttemptView, LinkMode, LinkPhase, StartLinkAnswer } from '../../contract/linking.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { shuttingDown } from '../admission/errors.js'
import { newVisitorToken, visitorHash, type VisitorToken } from '../http/attempt-cookie.js'
import type { ClaimedSession } from '../leases/session-leases.js'
import { errorCode } from '../log.js'
import { tendAttempts } from './attempt-tending.js'
import { attemptView } from './attempt-view.js'
import { findVisitorsAttempt, latestAttempt, type Attempt } from './attempts-reading.js'
import { noteSeen } from './attempts-store.js'
import { cancelPromoted } from './cancel-promoted.js'
import { discardAttempt, discardForeignAttempt } from './discard-attempt.js'
import { attemptNotFound, attemptRunning, unusableNumber } from './errors.js'
import { EvenTiming } from './even-timing.js'
import { expectedNumber } from './expected-number.js'
import { visitorsPlan } from './link-plan.js'
import type { AttemptEnd } from './link-turns.js'
import { hasEnded } from './link-phase.js'
import { oneAtATime } from './one-at-a-time.js'
import { endOverdueLinks } from './overdue-links.js'
import { createRunningAttempts, type RunningAttemptsDeps } from './running-attempts.js'
import { createServiceLinks, type ServiceLinks } from './service-links.js'
import { shownElsewhere, shownHere } from './shown-answer.js'

export type StartLink = {
  /** How the phone is to be asked: by a code for this number; without one by QR. */
  phoneNumber?: string | undefined
  /** Where the request came from; `null` for callers that are exempt from limits. */
  address: string | null
  /** Aborts when whoever asks has gone before the answer was written. */
  gone: AbortSignal
}

/** Linking as its callers see it. A visitor is known by the token in their cookie and by nothing else. */
export interface Linking extends AsyncDisposable {
  /** Begins to look after what runs, and after what was left unfinished. */
  start(): void
  /**
   * Opens an attempt and answers with its first QR or code, or with its place in the queue. Joins the attempt that this browser has under
   * way when it asks the same way; one that asks another way is ended first, unless a phone has accepted. An attempt of which nobody was
   * told, because who asked has gone, is ended.
   * @returns the token for the visitor's cookie
   * @throws GatewayError `validation_failed` for what is no number, `too_many_attempts`, `node_full`, `attempt_running`,
   * `whatsapp_unreachable`, `whatsapp_refused`, `database_unavailable`
   */
  link(visitor: VisitorToken | null, how: StartLink): Promise<{ visitor: VisitorToken; answer: StartLinkAnswer }>
  /** @throws GatewayError `attempt_not_found` for an unknown id and for another visitor's alike */
  view(visitor: VisitorToken | null, sessionId: SessionId): Promise<LinkAttemptView>
  /** The newest attempt of this browser, or null when it has none: a reload in the middle finds it again. */
  current(visitor: VisitorToken | null): Promise<LinkAttemptView | null>
  cancel(visitor: VisitorToken | null, sessionId: SessionId): Promise<void>
  /** What members begin, and services for them: the same attempts, found by their id. */
  readonly forServices: ServiceLinks
  /** Whether this node runs the attempt: true from before its row can be seen. */
  has(sessionId: SessionId): boolean
  /** Takes no attempt on any more and ends those under way. */
  close(): Promise<void>
  /** Ends an attempt that a lost node left behind before it became a session. */
  abandon(claimed: ClaimedSession): Promise<void>
}

export type LinkingDeps = RunningAttemptsDeps & {
  wakeups: EventWakeups
  /** Of visitors' links. */
  mode: LinkMode
}

type LinkId = { workspaceId: WorkspaceId; sessionId: SessionId }

const nodeLost = { phase: 'expired', reason: 'node_lost' } as const satisfies AttemptEnd

const tendEveryMs = 2_000
/** Of these looks, each so many-th is for links that are overdue, which have minutes. */
const overdueEvery = 5

/** Longest time that attempts under way may take to be ended when the process stops. */
const endLimitMs = 5_000

/** A visitor in the queue is noted as seen no more often than this. */
const seenEveryMs = 10_000

/** Longest time that a visitor waits for an attempt's end: one that a phone has accepted logs in first. It ends all the same. */
const endPatienceMs = 10_000

/** Rounds of looking for an attempt to join, to end or to open: other tabs, on other nodes, may do the same meanwhile. */
const mostRounds = 3

const promoted: readonly LinkPhase[] = ['preparing', 'delivering']

const patiently = (ending: Promise<void>): Promise<void> =>
  Promise.race([ending, delay(endPatienceMs, undefined, { ref: false })])

export function createLinking(given: LinkingDeps): Linking {
  const deps = { ...given, engine: given.lines.engine, log: given.log.child('linking') }
  const { tenants, vault, wakeups, admission, workspaceId, log } = deps
  const running = createRunningAttempts(deps)
  const inTurn = oneAtATime()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe = () => {}
  let tending: Promise<void> = Promise.resolve()
  let closed = false

  const read = <Result>(work: (tx: TenantReader) => Promise<Result>) =>
    tenants.read({ workspaceId: workspaceId() }, work)

  const find = async (
    visitor: VisitorToken | null,
    search: (tx: TenantReader, hash: Buffer) => Promise<Attempt | null>,
  ): Promise<LinkAttemptView | null> => {
    const found = await read(async tx => {
      const attempt = visitor === null ? null : await search(tx, visitorHash(visitor))
      return attempt && { view: await attemptView(tx, vault, attempt), unseenMs: attempt.unseenMs }
    })
    if (found?.view.phase !== 'queued') return found && found.view
    const { view, unseenMs } = found
    if (unseenMs > seenEveryMs) await seen(view.sessionId)
    const queuePosition = await admission.position(view.sessionId)
    return queuePosition === null ? view : { ...view, queuePosition }
  }

  const seen = (sessionId: SessionId) =>
    tenants
      .transact({ workspaceId: workspaceId() }, tx => noteSeen(tx, sessionId), { hasty: true })
      .catch((error: unknown) => log.warn('visitor_not_noted', { sessionId, code: errorCode(error) }))

  const view = async (visitor: VisitorToken | null, sessionId: SessionId) => {
    const found = await find(visitor, (tx, hash) => findVisitorsAttempt(tx, hash, sessionId))
    if (found === null) throw attemptNotFound()
    return found
  }

  /**
   * Ends an attempt on whichever node it runs.
   * @returns false when it has become a session: nothing was ended
   */
  const end = async (link: LinkId, how: AttemptEnd): Promise<boolean> => {
    const attempt = await running.get(link.sessionId)
    if (attempt !== null) return attempt.end(how)
    return discardForeignAttempt(deps, { ...link, nodeId: deps.nodeId, ...how })
  }

  const cancelled = async (link: LinkId, how: AttemptEnd): Promise<void> => {
    if (!(await end(link, how))) await cancelPromoted(deps, link)
  }

  const visitors = (sessionId: SessionId): LinkId => ({ workspaceId: workspaceId(), sessionId })

  const joinOrOpen = async (
    known: VisitorToken | null,
    { phoneNumber, address }: { phoneNumber: string | null; address: string | null },
  ): Promise<{ visitor: VisitorToken; sessionId: SessionId }> => {
    const newest = (visitor: VisitorToken) =>
      read(async tx => {
        const attempt = await latestAttempt(tx, visitorHash(visitor))
        return attempt && { ...attempt, number: await expectedNumber(tx, vault, attempt) }
      })
    for (let round = 1; round <= mostRounds; round++) {
      const under = known === null ? null : await newest(known)
      if (under === null || hasEnded(under.phase)) {
        // a token that no attempt of ours was given for may have been planted by somebody who knows it
        const visitor = known === null || under === null ? newVisitorToken() : known
        const isNew = under === null
        const begun = await running.open({
          starter: { visitorHash: visitorHash(visitor), isNew, address },
          address,
          plan: visitorsPlan(deps.mode, phoneNumber),
        })
        if (begun.attempt !== null) return { visitor, sessionId: begun.sessionId }
        continue
      }
      if (known === null || promoted.includes(under.phase) || under.phase === 'scanned') throw attemptRunning()
      if (under.number === phoneNumber) return { visitor: known, sessionId: under.sessionId }
      await patiently(
        end(visitors(under.sessionId), { phase: 'cancelled', reason: 'replaced_by_visitor' }).then(() => {}),
      )
    }
    throw attemptRunning()
  }

  /** Only the answer tells a new visitor who they are: without it nobody can find the attempt. One that is known finds it again. */
  const endUntold = (sessionId: SessionId, gone: AbortSignal) => {
    const leave = () => {
      end(visitors(sessionId), { phase: 'cancelled', reason: 'left_early' }).catch((error: unknown) =>
        log.warn('untold_attempt_not_ended', { sessionId, code: errorCode(error) }),
      )
    }
    if (gone.aborted) leave()
    else gone.addEventListener('abort', leave, { once: true })
  }

  const link = async (
    known: VisitorToken | null,
    { gone, ...how }: { phoneNumber: string | null; address: string | null; gone: AbortSignal },
  ) => {
    const { visitor, sessionId } =
      known === null ? await joinOrOpen(known, how) : await inTurn(known, () => joinOrOpen(known, how))
    if (visitor !== known) endUntold(sessionId, gone)
    const attempt = await running.get(sessionId)
    const answer =
      attempt === null || attempt.waits
        ? await shownElsewhere(wakeups, sessionId, () => view(visitor, sessionId))
        : await shownHere(sessionId, attempt)
    return { visitor, answer }
  }

  const close = async () => {
    closed = true
    clearInterval(timer)
    unsubscribe()
    // what a dead database does not take now is ended by whoever claims it later
    const ended = tending.then(() => running.abort(nodeLost))
    await Promise.race([ended, delay(endLimitMs, undefined, { ref: false })])
  }

  return {
    forServices: createServiceLinks({
      ...deps,
      running,
      inTurn,
      end: (id, how) => patiently(cancelled(id, how)),
    }),
    start() {
      const tend = () => {
        tending = tending.then(() => tendAttempts({ ...deps, running }))
      }
      unsubscribe = wakeups.subscribe(deps.nodeId, tend)
      let looks = 0
      timer = setInterval(() => {
        tend()
        if (++looks % overdueEvery === 0) tending = tending.then(() => endOverdueLinks(deps))
      }, tendEveryMs).unref()
    },
    async link(known, { phoneNumber: typed, ...asking }) {
      if (closed) throw shuttingDown()
      if (typed === undefined) return link(known, { ...asking, phoneNumber: null })
      const number = readPhoneNumber(typed)
      if ('problem' in number) throw unusableNumber(number.message)
      const timing = new EvenTiming(deps.codeAnswerMs)
      try {
        return await link(known, { ...asking, phoneNumber: number.digits })
      } finally {
        await timing.wait()
      }
    },
    view,
    current: visitor => find(visitor, latestAttempt),
    async cancel(visitor, sessionId) {
      const { phase } = await view(visitor, sessionId)
      if (hasEnded(phase)) return
      const reason = phase === 'scanned' ? 'cancelled_late' : 'cancelled'
      await patiently(cancelled(visitors(sessionId), { phase: 'cancelled', reason }))
    },
    has: sessionId => running.has(sessionId),
    abandon: claimed => discardAttempt(deps, { ...claimed, ...nodeLost }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
