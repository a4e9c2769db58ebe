import { randomBytes, randomUUID } from 'node:crypto'
import { SessionId, type WorkspaceId } from '../../src/contract/ids.js'
import type { SessionState } from '../../src/contract/sessions.js'
import type { Rows } from './rows.js'

export type SessionRow = {
  state?: SessionState
  reason?: string | null
  /** PostgreSQL intervals: how long ago. */
  since?: string
  phoneSeen?: string
  connected?: string
  /** Who runs it; `null`: nobody. */
  nodeId?: string | null
}

/** A session of an account of its own, as it stands in the database, without anything that could connect it. */
export async function sessionRow(rows: Rows, workspaceId: WorkspaceId, row: SessionRow = {}): Promise<SessionId> {
  const id = SessionId.parse(randomUUID())
  const { state = 'connected', reason = null, since = '0', phoneSeen = null, connected = '0', nodeId } = row
  const number = `2547${(randomBytes(4).readUInt32BE() % 100_000_000).toString().padStart(8, '0')}`
  await rows.query(
    `with person as (
       insert into people (workspace_id, lid) values ($1, $2) returning workspace_id, id
     ), lease as (
       insert into session_leases (session_id, workspace_id, node_id, wanted) values ($3, $1, $4, $5)
     )
     insert into sessions (workspace_id, id, person_id, mode, state, reason, phone_number, since, phone_seen_at, connected_at)
     select workspace_id, $3, id, 'managed', $6, $7, $8, clock_timestamp() - $9::interval, clock_timestamp() - $10::interval,
       clock_timestamp() - $11::interval from person`,
    [
      workspaceId,
      String(BigInt(`0x${randomBytes(7).toString('hex')}`)),
      id,
      nodeId ?? randomUUID(),
      nodeId !== null,
      state,
      reason,
      number,
      since,
      phoneSeen,
      connected,
    ],
  )
  return id
}
