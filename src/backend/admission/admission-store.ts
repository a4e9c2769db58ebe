import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { wakeChannel } from '../events/wake.js'
import type { AdmissionSettings, Counting } from './limits.js'
import type { Subject } from './subjects.js'

/** What only this node knows: attempts that have left, those among them that are not to be counted, and how many have a place. */
export type NodeState = { left: readonly string[]; unused: readonly string[]; held: number }

export type Entered =
  | { outcome: 'granted' | 'queued'; position: string }
  | { outcome: 'full' }
  /** By a cool-down that runs, because too many are under way, or by a count over time; `offence`: a cool-down has begun by it. */
  | { outcome: 'refused' | 'offence'; cooling: { subject: Buffer; ms: number } | null; retrySeconds: number }

/** `first`: it waits ahead of everybody who is not, however many wait. */
export type CountedStart = { sessionId: string; counting: Counting; first: boolean }

/** A place as this node remembers it. */
export type KnownPlace = { sessionId: string; subjects: readonly Subject[]; position: string; granted: boolean }

export interface AdmissionStore {
  /** Decides about each start in turn. @returns one answer for each, in their order */
  enter(starts: readonly CountedStart[], state: NodeState, deadlineMs: number): Promise<Entered[]>
  /** Tells what has left and what is missing. @returns every place of this node, and whether it is granted */
  sync(state: NodeState & { missing: readonly KnownPlace[] }, deadlineMs: number): Promise<Map<string, boolean>>
  position(sessionId: string): Promise<number | null>
  /** @param longestSeconds that the cool-down may come to */
  offence(subject: Subject, longestSeconds: number): Promise<void>
  /** Removes what nothing is decided by any more. */
  tidy(): Promise<void>
}

export type AdmissionStoreDeps = { database: Database; nodeId: string; settings: AdmissionSettings }

/** The tables of migration 0003, which all nodes share; their functions decide there, in one call each. */
export function createAdmissionStore({ database, nodeId, settings }: AdmissionStoreDeps): AdmissionStore {
  const { perNode, active, queued } = settings
  return {
    enter: (starts, { left, unused, held }, deadlineMs) =>
      database.system(
        async ({ db }) => {
          // one call after the other, each sees what those before it have decided
          const { rows } = await sql<EnteredRow>`
            select e.* from jsonb_to_recordset(${JSON.stringify(starts.map(startRow))})
              as s (nth integer, session uuid, counted text[], obeyed text[], subjects text[], most integer[], seconds integer[],
                longest integer[], first boolean),
            lateral link_enter(
              s.session, ${nodeId}, case when s.nth = 0 then ${left}::uuid[] else '{}' end,
              case when s.nth = 0 then ${unused}::uuid[] else '{}' end, ${held},
              array(select decode(c, 'hex') from unnest(s.counted) as c), array(select decode(o, 'hex') from unnest(s.obeyed) as o),
              array(select decode(x, 'hex') from unnest(s.subjects) as x), s.most, s.seconds, s.longest, s.first,
              ${perNode}, ${active}, ${queued}, ${wakeChannel}
            ) as e order by s.nth`.execute(db)
          return rows.map(entered)
        },
        { deadlineMs },
      ),

    sync: ({ left, unused, held, missing }, deadlineMs) =>
      database.system(
        async ({ db }) => {
          const { rows } = await sql<{ attempt: string; has_turn: boolean }>`
            select * from link_sync_places(
              ${nodeId}, ${left}, ${unused}, ${JSON.stringify(missing.map(missingRow))}, ${held}, ${perNode}, ${active}, ${wakeChannel}
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

    offence: (subject, longestSeconds) =>
      database.system(async ({ db }) => {
        await sql`select link_offence(${subject}, make_interval(secs => ${longestSeconds}), null)`.execute(db)
      }),

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
  blocked: Buffer | null
  cooling_ms: number | null
  retry_seconds: number
}

function entered(row: EnteredRow): Entered {
  const { outcome } = row
  if (outcome === 'full') return { outcome }
  if (outcome === 'granted' || outcome === 'queued') return { outcome, position: row.place }
  const { blocked, cooling_ms: ms, retry_seconds: retrySeconds } = row
  return { outcome, cooling: blocked === null || ms === null ? null : { subject: blocked, ms }, retrySeconds }
}

const missingRow = ({ sessionId, subjects, position, granted }: KnownPlace) => ({
  session: sessionId,
  subjects: hex(subjects),
  position,
  granted,
})

const hex = (subjects: readonly Subject[]) => subjects.map(subject => subject.toString('hex'))

const startRow = ({ sessionId, first, counting: { counted, obeyed, limits } }: CountedStart, nth: number) => ({
  nth,
  first,
  session: sessionId,
  counted: hex(counted),
  obeyed: hex(obeyed),
  subjects: hex(limits.map(({ subject }) => subject)),
  most: limits.map(({ most }) => most),
  seconds: limits.map(({ seconds }) => seconds),
  longest: limits.map(({ longestSeconds }) => longestSeconds),
})
