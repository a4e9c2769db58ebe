import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { wakeChannel } from '../events/event-log.js'
import type { AdmissionSettings, Counting } from './limits.js'
import type { Subject } from './subjects.js'

/** What only this node knows: attempts that have left, and how many it has a place for. */
export type NodeState = { left: readonly string[]; held: number }

export type Entered =
  | { outcome: 'granted' | 'queued'; position: string }
  | { outcome: 'full' }
  /** Refused: by a cool-down that ran, or by a count, from which one has begun. */
  | { outcome: 'cooling' | 'offence'; blocked: Buffer; coolingMs: number; retrySeconds: number }

/** A place as this node remembers it. */
export type KnownPlace = { sessionId: string; subjects: readonly Subject[]; position: string; granted: boolean }

export interface AdmissionStore {
  enter(sessionId: string, counting: Counting, state: NodeState, deadlineMs: number): Promise<Entered>
  /** Tells what has left and what is missing. @returns every place of this node, and whether it is granted */
  sync(state: NodeState & { missing: readonly KnownPlace[] }, deadlineMs: number): Promise<Map<string, boolean>>
  position(sessionId: string): Promise<number | null>
  offence(subject: Subject): Promise<void>
  /** Removes what nothing is decided by any more. */
  tidy(): Promise<void>
}

export type AdmissionStoreDeps = { database: Database; nodeId: string; settings: AdmissionSettings }

/** The tables of migration 0003, which all nodes share; their functions decide there, in one call each. */
export function createAdmissionStore({ database, nodeId, settings }: AdmissionStoreDeps): AdmissionStore {
  const { perNode, active, queued } = settings
  return {
    enter: (sessionId, { counted, limits, obeyed }, { left, held }, deadlineMs) =>
      database.system(
        async ({ db }) => {
          const { rows } = await sql<EnteredRow>`
            select * from link_enter(
              ${sessionId}, ${nodeId}, ${left}, ${held}, ${counted}, ${obeyed},
              ${limits.map(limit => limit.subject)}, ${limits.map(limit => limit.most)}, ${limits.map(limit => limit.seconds)},
              ${perNode}, ${active}, ${queued}, ${wakeChannel}
            )`.execute(db)
          return entered(rows[0])
        },
        { deadlineMs },
      ),

    sync: ({ left, held, missing }, deadlineMs) =>
      database.system(
        async ({ db }) => {
          const { rows } = await sql<{ attempt: string; has_turn: boolean }>`
            select * from link_sync_places(
              ${nodeId}, ${left}, ${JSON.stringify(missing.map(missingRow))}, ${held}, ${perNode}, ${active}, ${wakeChannel}
            )`.execute(db)
          return new Map(rows.map(row => [row.attempt, row.has_turn]))
        },
        { deadlineMs },
      ),

    position: sessionId =>
      database.system(async ({ db }) => {
        const { rows } = await sql<{ ahead: number }>`
          select count(*)::integer as ahead from link_places w join nodes n on n.id = w.node_id
          where not w.granted and n.lease_until > clock_timestamp()
            and w.position <= (select position from link_places where session_id = ${sessionId} and not granted)`.execute(
          db,
        )
        const ahead = rows[0]?.ahead ?? 0
        return ahead === 0 ? null : ahead
      }),

    offence: subject =>
      database.system(async ({ db }) => void (await sql`select link_offence(${subject})`.execute(db))),

    tidy: () =>
      database.system(async ({ db }) => {
        await sql`delete from link_starts where at < clock_timestamp() - interval '1 day'`.execute(db)
        await sql`delete from link_cool_downs where until < clock_timestamp() - interval '1 day'`.execute(db)
      }),
  }
}

type EnteredRow = {
  outcome: Entered['outcome']
  place: string
  blocked: Buffer
  cooling_ms: number
  retry_seconds: number
}

function entered(row: EnteredRow | undefined): Entered {
  if (row === undefined) throw new Error('link_enter answered nothing')
  const { outcome } = row
  if (outcome === 'full') return { outcome }
  if (outcome === 'granted' || outcome === 'queued') return { outcome, position: row.place }
  return { outcome, blocked: row.blocked, coolingMs: row.cooling_ms, retrySeconds: row.retry_seconds }
}

const missingRow = ({ sessionId, subjects, position, granted }: KnownPlace) => ({
  session: sessionId,
  subjects: subjects.map(subject => subject.toString('hex')),
  position,
  granted,
})
