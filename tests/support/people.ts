import { randomUUID } from 'node:crypto'
import type { Role } from '../../src/contract/access.js'
import { WorkspaceId } from '../../src/contract/ids.js'
import type { Rows } from './rows.js'

/** A member made in the database, without a login: services can act for them, and they can have keys. */
export async function memberRow(rows: Rows, workspaceId: string, role: Role = 'member'): Promise<string> {
  const userId = randomUUID()
  await rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Somebody', $3)`, [
    workspaceId,
    userId,
    role,
  ])
  return userId
}

export async function workspaceRow(rows: Rows): Promise<WorkspaceId> {
  const workspaceId = WorkspaceId.parse(randomUUID())
  await rows.query(`insert into workspaces (id, name, slug) values ($1, 'Another', $2)`, [workspaceId, workspaceId])
  return workspaceId
}

export async function operatorOf(rows: Rows): Promise<{ workspaceId: WorkspaceId; userId: string }> {
  const [row] = await rows.query<{ workspace_id: string; id: string }>(
    `select u.workspace_id, u.id from app_users u join meta m on m.key = 'operator_workspace' and m.value = u.workspace_id::text
     where u.is_default`,
  )
  if (row === undefined) throw new Error('the operator has no row')
  return { workspaceId: WorkspaceId.parse(row.workspace_id), userId: row.id }
}

/** What whoever changes somebody's place or key does after it: tells every node. */
export const tellOf = (rows: Rows, name: string): Promise<unknown> =>
  rows.query(`select pg_notify('whizlite_events', $1)`, [name])
