import { sql } from 'kysely'
import { PersonId } from '../../contract/ids.js'
import type { SessionId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { Account } from '../engine/engine.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { revokeLease } from '../leases/session-leases.js'
import { eraseSecrets } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { storeName } from '../sessions/session-name.js'
import { sessionExists } from '../sessions/sessions-store.js'
import { insertSession, setSessionState } from '../sessions/set-session-state.js'
import type { Vault } from '../vault/vault.js'
import { nameCell } from './attempt-cells.js'
import { attemptName, moveAttempt } from './attempts-store.js'
import { endUnfinishedLink } from './end-unfinished-link.js'
import { progress, type LinkKind } from './link-progress.js'

export type PromoteAttemptDeps = { tenants: Tenants; events: EventLog; vault: Vault }

/**
 * On the first open an attempt becomes a session: person, session, credentials out of staging, state and events in one transaction.
 * Linking an account again adds a session and marks the earlier ones as superseded. May be called again when the answer to its commit was lost.
 * @returns the sessions it superseded; `null` when the attempt had ended meanwhile (nothing was changed)
 */
export async function promoteAttempt(
  { tenants, events, vault }: PromoteAttemptDeps,
  { workspaceId, sessionId, fence, sealer }: SessionIdentity,
  account: Account,
  kind: LinkKind,
): Promise<{ superseded: SessionId[] } | null> {
  return tenants.transact({ workspaceId }, async tx => {
    await assertFence(tx, sessionId, fence)
    const personId = await personOf(tx, account)
    if (await sessionExists(tx, sessionId)) return { superseded: await supersededBefore(tx, personId) }
    const superseded = await supersedeOlder(events, tx, personId)
    const reason = superseded.length > 0 ? 'superseded_older' : null
    const sealedName = await attemptName(tx, sessionId)
    if (!(await moveAttempt(tx, sessionId, 'preparing', reason))) return null
    await insertSession(events, tx, {
      id: sessionId,
      person_id: personId,
      mode: kind.mode,
      state: 'connected',
      reason,
      phone_number: account.phoneNumber,
      lid: account.lid,
      // it has just accepted
      phone_seen_at: sql<Date>`clock_timestamp()`,
    })
    if (sealedName !== null) {
      const name = await sealer.open(tx, nameCell(sessionId), sealedName)
      await storeName(tx, vault, sessionId, name.toString('utf8'))
    }
    await tx.db.updateTable('session_credentials').set({ staged: false }).where('session_id', '=', sessionId).execute()
    await events.append(tx, progress(sessionId, 'preparing', kind))
    return { superseded }
  })
}

/** One person per WhatsApp account: by LID, else by number. A person known by number alone gets the LID once it is told. */
export async function personOf(tx: TenantTransactor, { lid, phoneNumber }: Account): Promise<PersonId> {
  const workspaceId = tx.scope.workspaceId
  if (lid === null) {
    const { rows } = await sql<{ id: string }>`
      insert into people (workspace_id, phone_number) values (${workspaceId}, ${phoneNumber})
      on conflict (workspace_id, phone_number) where lid is null do update set phone_number = excluded.phone_number
      returning id`.execute(tx.db)
    return PersonId.parse(rows[0]?.id)
  }
  const lidUser = lid.replace(/@.*$/, '')
  await sql`
    update people set lid = ${lidUser}
    where lid is null and phone_number = ${phoneNumber} and not exists (select from people where lid = ${lidUser})`.execute(
    tx.db,
  )
  const { rows } = await sql<{ id: string }>`
    insert into people (workspace_id, lid, phone_number) values (${workspaceId}, ${lidUser}, ${phoneNumber})
    on conflict (workspace_id, lid) where lid is not null do update set phone_number = excluded.phone_number
    returning id`.execute(tx.db)
  return PersonId.parse(rows[0]?.id)
}

async function supersededBefore(tx: TenantTransactor, personId: PersonId): Promise<SessionId[]> {
  const rows = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('person_id', '=', personId)
    .where('state', '=', 'superseded')
    .execute()
  return rows.map(row => row.id as SessionId)
}

/** Marks every live session of a person as superseded; whoever runs one of them falls silent. */
export async function supersedeOlder(events: EventLog, tx: TenantTransactor, personId: PersonId): Promise<SessionId[]> {
  const rows = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('person_id', '=', personId)
    .where('state', 'not in', ['logged_out', 'banned', 'expired', 'superseded'])
    .execute()
  const ids = rows.map(row => row.id as SessionId)
  for (const id of ids) {
    await revokeLease(tx, id)
    await setSessionState(events, tx, id, { state: 'superseded', reason: 'linked_again' })
    await eraseSecrets(tx, id)
    await endUnfinishedLink(events, tx, id, { phase: 'failed', reason: 'linked_again_early' })
  }
  return ids
}
