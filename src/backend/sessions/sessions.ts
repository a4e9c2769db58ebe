import type { SessionId } from '../../contract/ids.js'
import { SessionState } from '../../contract/sessions.js'
import type { EngineConnection, EngineEvent } from '../engine/engine.js'
import type { EventLog } from '../events/event-log.js'
import { errorCode } from '../log.js'
import { realWait, type Wait } from './comeback.js'
import { compareShown } from './compare-shown.js'
import type { ConnectPriority } from './connect-pacer.js'
import { drainSessions, type DrainSessions } from './drain-sessions.js'
import { LiveSession, type LiveSessionDeps } from './live-session.js'
import type { OwnedSession, SessionIdentity } from './session-identity.js'
import { createSessionStates, type SessionLinks } from './session-states.js'

export type SessionHooks = Pick<LiveSessionDeps, 'onOpen' | 'onMessage' | 'onMissed'> & SessionLinks

/** The sessions that run on this node. */
export interface Sessions extends AsyncDisposable {
  /** What happens around every session. Set before the first one runs. */
  start(hooks: SessionHooks): void
  /** A connection that linking has opened becomes a running session; its further events go to the returned function. */
  adopt(identity: SessionIdentity, connection: EngineConnection): (event: EngineEvent) => void
  /**
   * Connects a session with its stored credentials when its turn has come; without a priority it goes last. One that runs here already
   * under an older epoch is closed first; under this one or a newer one, it goes on as it is.
   */
  resume(identity: SessionIdentity, priority?: ConnectPriority): void
  /** Lets a session rest whose key does not open: nothing is tried with it until somebody acts. */
  restDamaged(session: OwnedSession): Promise<void>
  /** Lets a session rest whose credentials are in quarantine: no socket may use them, however often it tried. */
  restPutAway(session: OwnedSession): Promise<void>
  /** Closes a session's socket here, if it has one, without logging out. */
  rest(sessionId: SessionId): Promise<void>
  /** Takes a session's device off the account and lets it rest. Answers whether it ran here. */
  logout(sessionId: SessionId): Promise<boolean>
  /** What runs here, under which fence. */
  identities(): ReadonlyMap<SessionId, SessionIdentity>
  /** What has come to its end here by itself within the last seconds: its lease may have moved on without it. */
  ended(): ReadonlyMap<SessionId, SessionIdentity>
  /** Whether this node runs the session, connected or not. */
  has(sessionId: SessionId): boolean
  connectedCount(): number
  /** The sessions that run here, by what is shown of them. */
  countByState(): Record<SessionState, number>
  /** Every line of this node stands still, those that open from here on too: nothing is read, sent or acknowledged. */
  pauseAll(): void
  /**
   * Goes on after `pauseAll`, on the same lines where they still stand. What this node does not own under the epoch that it runs here is
   * abandoned, except what it came to run after the question: that stands still until it is asked about as well.
   * @param askedAt by `performance.now()`, before the question that `stillOwned` answers
   * @returns whether nothing is left to ask about
   */
  resumeAll(stillOwned: ReadonlyMap<SessionId, bigint>, askedAt: number): boolean
  /** Every line is cut without a word, and nothing is stored any more. */
  abandonAll(): void
  /** Stops every session in good order, see `drain-sessions.ts`. Nothing may be started here meanwhile. */
  drain(how: DrainSessions): Promise<void>
}

/** Some looks of the lease watch. */
const endedForMs = 10_000

const compareEveryMs = 60_000

export type SessionsDeps = Pick<LiveSessionDeps, 'tenants' | 'engine' | 'pacer' | 'alarm' | 'log'> & {
  events: EventLog
  /** How waits between connects are waited. */
  wait?: Wait
  /** Between two looks at what is shown of the sessions that run here. */
  compareEveryMs?: number
}

export function createSessions(deps: SessionsDeps): Sessions {
  const log = deps.log.child('sessions')
  const states = createSessionStates({
    ...deps,
    onResting: (...resting) => hooks.onResting(...resting),
    isLinking: (...asked) => hooks.isLinking(...asked),
  })
  const running = new Map<SessionId, LiveSession>()
  /** Sessions that were let go and whose sockets are not closed yet: the next one of the same device waits for that. */
  const closing = new Map<SessionId, Promise<void>>()
  const ended = new Map<SessionId, LiveSession>()
  /** Told of, and not put to rest yet. */
  const damaged = new Set<SessionId>()
  const nothing = async () => {}
  let paused = false
  let timer: NodeJS.Timeout | undefined
  let comparing: Promise<void> | null = null
  let again = false
  let hooks: SessionHooks = {
    onOpen: nothing,
    onMessage: nothing,
    onMissed: nothing,
    onResting: nothing,
    isLinking: async () => false,
  }

  const identitiesOf = (sessions: ReadonlyMap<SessionId, LiveSession>) =>
    new Map([...sessions].map(([sessionId, { identity }]) => [sessionId, identity]))

  const noteEnd = (session: LiveSession) => {
    const { sessionId } = session.identity
    ended.set(sessionId, session)
    setTimeout(() => {
      if (ended.get(sessionId) === session) ended.delete(sessionId)
    }, endedForMs).unref()
  }

  const create = (identity: SessionIdentity, before?: LiveSession): LiveSession => {
    const { sessionId } = identity
    const session: LiveSession = new LiveSession(
      {
        ...deps,
        states,
        log,
        wait: deps.wait ?? realWait,
        onOpen: open => hooks.onOpen(open),
        onMessage: (from, message) => hooks.onMessage(from, message),
        onMissed: of => hooks.onMissed(of),
        onRest: () => {
          if (running.get(sessionId) !== session) return
          running.delete(sessionId)
          states.forget(sessionId)
          noteEnd(session)
        },
      },
      identity,
      before,
    )
    running.set(sessionId, session)
    if (paused) session.pause()
    return session
  }

  const abandon = (sessionId: SessionId, session: LiveSession) => {
    running.delete(sessionId)
    states.forget(sessionId)
    // it may be this node's again, under a newer epoch
    noteEnd(session)
    session.abandon()
    log.warn('session_abandoned', { sessionId, epoch: Number(session.epoch) })
  }

  const letGo = (sessionId: SessionId, going: Promise<void>): Promise<void> => {
    const closed = Promise.all([closing.get(sessionId), going]).then(() => {
      if (closing.get(sessionId) === closed) closing.delete(sessionId)
      if (!running.has(sessionId)) states.forget(sessionId)
    })
    closing.set(sessionId, closed)
    return closed
  }

  const compare = async () => {
    do {
      again = false
      await compareShown(deps.tenants, running.values()).catch((error: unknown) =>
        log.warn('shown_states_not_compared', { code: errorCode(error) }),
      )
    } while (again)
    comparing = null
  }

  return {
    start(given) {
      hooks = given
      clearInterval(timer)
      timer = setInterval(() => {
        // in doubt, whoever ends the doubt lets go of what was lost
        if (!paused) comparing ??= compare()
      }, deps.compareEveryMs ?? compareEveryMs).unref()
    },
    adopt: (identity, connection) => create(identity).adopt(connection),
    resume(identity, priority = 'rest') {
      const { sessionId } = identity
      const before = running.get(sessionId)
      if (before !== undefined && before.identity.fence.epoch >= identity.fence.epoch) return
      const closed = before === undefined ? closing.get(sessionId) : letGo(sessionId, before.stop())
      const session = create(identity, before ?? ended.get(sessionId))
      if (closed === undefined) return session.start(priority)
      void closed.then(() => {
        if (running.get(sessionId) === session) session.start(priority)
      })
    },
    async restDamaged(session) {
      const { sessionId } = session
      // once, however often it has to be tried
      if (!damaged.has(sessionId)) deps.alarm.tell('session_needs_operator', { sessionId, code: 'storage_damaged' })
      damaged.add(sessionId)
      await states.resting(session, 'disconnected', 'storage_damaged', { operator: true })
      damaged.delete(sessionId)
    },
    restPutAway: session => states.resting(session, 'disconnected', 'stopped'),
    async rest(sessionId) {
      const session = running.get(sessionId)
      running.delete(sessionId)
      if (session !== undefined) await letGo(sessionId, session.stop())
    },
    async logout(sessionId) {
      const session = running.get(sessionId)
      running.delete(sessionId)
      if (session !== undefined) await letGo(sessionId, session.logout())
      return session !== undefined
    },
    identities: () => identitiesOf(running),
    ended: () => identitiesOf(ended),
    has: sessionId => running.has(sessionId),
    pauseAll() {
      paused = true
      for (const session of running.values()) session.pause()
    },
    resumeAll(stillOwned, askedAt) {
      paused = false
      let isComplete = true
      for (const [sessionId, session] of running) {
        // a frame that wanted to leave has begun another doubt
        if (paused) return true
        if (stillOwned.get(sessionId) === session.epoch) session.unpause()
        else if (session.since >= askedAt) isComplete = false
        else abandon(sessionId, session)
      }
      // others may have taken this node for lost; a comparison under way may have read what they wrote too early
      again = true
      comparing ??= compare()
      return isComplete
    },
    abandonAll() {
      for (const [sessionId, session] of running) abandon(sessionId, session)
    },
    drain: how => {
      const release: typeof how.release = (sessionId, held) => {
        states.forget(sessionId)
        return how.release(sessionId, held)
      }
      return drainSessions({ ...how, release }, running)
    },
    connectedCount: () => [...running.values()].filter(session => session.isOpen).length,
    countByState() {
      const counts = Object.fromEntries(SessionState.options.map(state => [state, 0])) as Record<SessionState, number>
      for (const [sessionId, { isOpen }] of running)
        counts[states.shown(sessionId) ?? (isOpen ? 'connected' : 'connecting')]++
      return counts
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await comparing
      const stopping = [...running.values()].map(session => session.stop())
      running.clear()
      await Promise.all([...stopping, ...closing.values()])
    },
  }
}
