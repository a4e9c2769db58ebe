import { randomUUID } from 'node:crypto'
import { SessionId, type WorkspaceId } from '../../contract/ids.js'
import type { Admission } from '../admission/admission.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { createKeyStore } from '../engine/postgres-keystore.js'
import type { EventLog } from '../events/event-log.js'
import { errorCode, type Log } from '../log.js'
import type { Sessions } from '../sessions/sessions.js'
import type { Vault } from '../vault/vault.js'
import type { AttemptLines } from './attempt-lines.js'
import { createAttemptTurns } from './attempt-turns.js'
import { engineOutdated } from './errors.js'
import { LinkAttempt, type LinkAttemptDeps } from './link-attempt.js'
import type { LinkPlan, LinkStarter } from './link-plan.js'
import type { AttemptEnd } from './link-turns.js'
import { openAttempt } from './open-attempt.js'

export type RunningAttemptsDeps = {
  tenants: Tenants
  /** For what an attempt stores once it has become a session. */
  sessionTenants: Tenants
  lines: Pick<AttemptLines, 'engine' | 'letGo'>
  events: EventLog
  vault: Vault
  sessions: Sessions
  admission: Admission
  /** Whether WhatsApp takes this client, as far as is known. */
  mayBegin: () => Promise<boolean>
  log: Log
  nodeId: string
  /** Of visitors. */
  workspaceId: () => WorkspaceId
  maxSessionsPerUser: number
  codeAnswerMs?: LinkAttemptDeps['codeAnswerMs']
}

export type NewAttempt = {
  /** An id that a member has chosen. */
  sessionId?: SessionId
  starter: LinkStarter
  address: string | null
  plan: LinkPlan
}

/** `attempt` is null when the starter had one under way already, on whichever node: then `sessionId` is that one's. */
export type Beginning = { sessionId: SessionId; attempt: LinkAttempt | null }

/** The attempts of this node, from before their rows can be seen: whoever finds a row of this node finds its process here. */
export interface RunningAttempts {
  /** @throws what `Admission.enter` and `openAttempt` throw, and GatewayError `whatsapp_refused`; nothing is stored then */
  open(attempt: NewAttempt): Promise<Beginning>
  get(sessionId: SessionId): Promise<LinkAttempt | null>
  has(sessionId: SessionId): boolean
  /** By workspace. */
  ids(): Map<WorkspaceId, SessionId[]>
  /** Ends all of them. */
  abort(end: AttemptEnd): Promise<void>
}

export function createRunningAttempts(deps: RunningAttemptsDeps): RunningAttempts {
  const { tenants, sessionTenants, admission, log } = deps
  const { engine } = deps.lines
  const running = new Map<SessionId, { workspaceId: WorkspaceId; beginning: Promise<Beginning> }>()

  const begin = async (
    sessionId: SessionId,
    { address, starter, plan, sessionId: chosen }: NewAttempt,
  ): Promise<Beginning> => {
    const { method, mode } = plan
    // only a code is asked of WhatsApp by number
    const phoneNumber = method === 'code' ? plan.phoneNumber : null
    // an id that comes back may still have its earlier place, on another node
    const placeId = chosen === undefined ? sessionId : SessionId.parse(randomUUID())
    if (!(await deps.mayBegin())) throw engineOutdated()
    const place = await admission.enter({ sessionId: placeId, address, phoneNumber })
    const queued = !place.granted
    try {
      const credentials = await engine.newCredentials()
      const opened = await openAttempt(deps, { sessionId, placeId, starter, plan, queued })
      if (!('fence' in opened)) {
        place.leave({ used: false })
        return { sessionId: opened.sessionId, attempt: null }
      }
      const onOver = async (end: AttemptEnd | null) => {
        if (end?.reason === 'code_rate_limited' && phoneNumber !== null) await coolDown(phoneNumber)
        running.delete(sessionId)
        place.leave({ used: attempt.used })
      }
      const isSession = () => deps.sessions.has(sessionId)
      const turns = createAttemptTurns({ ...deps, onOver }, opened, { mode, method })
      const storage = {
        get tenants() {
          return isSession() ? sessionTenants : tenants
        },
        sealer: opened.sealer,
        // a visitor is told of trouble; a session outlasts it
        patient: isSession,
      }
      const keys = createKeyStore(storage, opened, credentials)
      const { mayBegin, codeAnswerMs } = deps
      const attempt = new LinkAttempt({ engine, mayBegin, log, turns, codeAnswerMs }, keys, plan)
      if (queued) void place.turn.then(() => attempt.call())
      else attempt.start()
      return { sessionId, attempt }
    } catch (error) {
      place.leave({ used: false })
      throw error
    }
  }

  const coolDown = (phoneNumber: string) =>
    admission.coolDown(phoneNumber).catch((error: unknown) => log.warn('cool_down_lost', { code: errorCode(error) }))

  return {
    async open(attempt) {
      const sessionId = attempt.sessionId ?? SessionId.parse(randomUUID())
      const beginning = begin(sessionId, attempt)
      const { starter } = attempt
      const { workspaceId } = 'scope' in starter ? starter.scope : { workspaceId: deps.workspaceId() }
      running.set(sessionId, { workspaceId, beginning })
      try {
        const begun = await beginning
        if (begun.attempt === null) running.delete(sessionId)
        return begun
      } catch (error) {
        running.delete(sessionId)
        throw error
      }
    },
    get: async sessionId => (await running.get(sessionId)?.beginning)?.attempt ?? null,
    has: sessionId => running.has(sessionId),
    ids() {
      const ids = new Map<WorkspaceId, SessionId[]>()
      for (const [sessionId, { workspaceId }] of running) {
        ids.set(workspaceId, [...(ids.get(workspaceId) ?? []), sessionId])
      }
      return ids
    },
    async abort(end) {
      const ending = [...running.values()].map(({ beginning }) =>
        beginning.then(
          ({ attempt }) => attempt?.abort(end),
          () => {},
        ),
      )
      await Promise.all(ending)
    },
  }
}
