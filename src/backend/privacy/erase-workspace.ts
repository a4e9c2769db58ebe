import { sql } from 'kysely'
import type { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import '../leases/lease-tables.js'
import type { Vault } from '../vault/vault.js'

export type EraseWorkspaceDeps = {
  tenants: Tenants
  events: Pick<EventLog, 'wake'>
  vault: Pick<Vault, 'forget'>
  operatorWorkspace: () => WorkspaceId
}

/**
 * From the many small rows to the few that the others hang on. The keys went first; whatever is not here hangs on the workspace, and goes with
 * its row: this list keeps transactions short, it is not what makes the erasure complete.
 */
export const emptied = [
  'signal_keys',
  'inbound_journal',
  'event_log',
  'outbox_messages',
  'own_chat_commands',
  'session_history',
  'session_strings',
  'session_credentials',
  'link_attempts',
  'sessions',
  'people',
] as const

/**
 * The first step, in the transaction of the tombstone: nobody is let in any more, nobody runs a session, and no key is left that opens
 * anything, here or in any backup that does not hold the keys as well.
 * @returns how many rows are gone
 */
export async function shutWorkspace({ events, vault }: EraseWorkspaceDeps, tx: TenantTransactor): Promise<number> {
  const { workspaceId } = tx.scope
  const { rows: members } = await sql<{ id: string }>`
    update app_users set suspended_at = coalesce(suspended_at, clock_timestamp()) returning id`.execute(tx.db)
  const { rows: leases } = await sql<{ session_id: string; node_id: string }>`
    update session_leases set wanted = false, epoch = epoch + 1 where workspace_id = ${workspaceId}
    returning session_id, node_id`.execute(tx.db)
  const { rows: keys } = await sql<{ session_id: string | null }>`
    delete from data_keys returning session_id`.execute(tx.db)
  const told = new Set([...members.map(({ id }) => id), ...leases.map(({ node_id }) => node_id)])
  for (const name of told) await events.wake(tx, name)
  tx.onCommit(() => {
    for (const { session_id: sessionId } of keys) vault.forget({ workspaceId, sessionId })
  })
  return keys.length
}

/** Deletes so many rows at most of the first table that has any. @returns how many; 0: there are none left */
export async function emptyNext(tx: TenantTransactor, limit: number): Promise<number> {
  for (const table of emptied) {
    const { rows } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(select ctid from ${sql.table(table)} limit ${limit})) returning 1`.execute(
      tx.db,
    )
    if (rows.length > 0) return rows.length
  }
  return 0
}

/**
 * The last step: its members' sign-ins there, the logins that are good for nothing else, and the workspace with all that hangs on it, its audit log
 * included. So the operator's tells of it, before it is gone: twice, where a crash falls between the two.
 */
export async function removeWorkspace(
  { tenants, operatorWorkspace }: EraseWorkspaceDeps,
  workspaceId: WorkspaceId,
): Promise<void> {
  const members = await tenants.read({ workspaceId }, ({ db }) => db.selectFrom('app_users').select('id').execute())
  for (const { id } of members) {
    await tenants.asLogin(id, async ({ db }) => {
      await sql`delete from refresh_families where workspace_id = ${workspaceId}`.execute(db)
      await sql`delete from logins where not exists (
        select from workspaces_of_login() as w where w <> ${workspaceId}::uuid)`.execute(db)
    })
  }
  await tenants.transact({ workspaceId: operatorWorkspace() }, tx =>
    audit(tx, { action: 'workspace.erased', target: workspaceId }),
  )
  await tenants.transact({ workspaceId }, async ({ db }) => {
    await sql`delete from session_leases where workspace_id = ${workspaceId}`.execute(db)
    await sql`delete from workspaces where id = ${workspaceId}`.execute(db)
  })
}
