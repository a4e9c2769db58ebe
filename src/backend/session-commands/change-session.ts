import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { ChangeSessionRequest, SessionDetails } from '../../contract/session-commands.js'
import '../audit/audit-tables.js'
import { audit, auditEntry } from '../audit/audit.js'
import { prepareStatement } from '../database/prepared-statement.js'
import { sealKnownName, storeName } from '../sessions/session-name.js'
import { sessionColumns, sessionView } from '../sessions/session-view.js'
import { hasLinkUnderWay } from './link-under-way.js'
import { requireOwnSession, type CommandDeps, type CommandScope } from './command-scope.js'

/** What its owner decides about a session. A change of who sees it is told to those who watch it. */
export type SessionChange = ChangeSessionRequest & { sessionId: SessionId }

/**
 * @returns the session as it is by then; null: it has to be looked for
 * @throws GatewayError `session_not_found`, `forbidden`
 */
export async function changeSession(
  deps: CommandDeps,
  scope: CommandScope,
  change: SessionChange,
): Promise<SessionDetails | null> {
  const { tenants, vault, events } = deps
  const { sessionId, name, visibility } = change
  if (name !== undefined && visibility === undefined) {
    const renamed = await rename(deps, scope, { sessionId, name })
    if (renamed !== null) return renamed
  }
  await tenants.transact(scope, async tx => {
    await requireOwnSession(tx, sessionId)
    if (name !== undefined) {
      await storeName(tx, vault, sessionId, name)
      await audit(tx, { action: 'session.rename', target: sessionId })
    }
    if (visibility === undefined) return
    await audit(tx, { action: 'session.share', target: sessionId, detail: { visibility } })
    await tx.db.updateTable('sessions').set({ visibility }).where('id', '=', sessionId).execute()
    await events.wake(tx, sessionId)
  })
  return null
}

type Renaming = { sessionId: string; workspaceId: string; userId: string; name: Buffer | null; entry: string }

/** The audit log tells of it in the same statement. */
const renameOwn = prepareStatement((db, { sessionId, workspaceId, userId, name, entry }: Renaming) =>
  db
    .with('renamed', query =>
      query
        .updateTable('sessions')
        .set({ name })
        .where('id', '=', sessionId)
        .where('owner_id', '=', userId)
        .where('deleted_at', 'is', null)
        .returning(sessionColumns),
    )
    .with('noted', query =>
      query
        .insertInto('audit_log')
        .columns(['workspace_id', 'entry'])
        .expression(({ selectFrom }) =>
          selectFrom('renamed').select([
            sql<string>`${workspaceId}::uuid`.as('workspace_id'),
            sql`${entry}::jsonb`.as('entry'),
          ]),
        ),
    )
    .selectFrom('renamed')
    .selectAll()
    .select(hasLinkUnderWay(sessionId)),
)

/** Of nothing but the name nobody else need hear: one message does it. @returns null: it was not done, or there is more to tell than this */
async function rename(
  { tenants, vault }: CommandDeps,
  scope: CommandScope,
  { sessionId, name }: { sessionId: SessionId; name: string | null },
): Promise<SessionDetails | null> {
  const { workspaceId, userId } = scope
  const sealed = name === null ? null : sealKnownName(vault, workspaceId, { sessionId, name })
  if (userId === undefined || sealed === undefined) return null
  const entry = auditEntry(scope, { action: 'session.rename', target: sessionId })
  const renaming = renameOwn({ sessionId, workspaceId, userId, name: sealed, entry })
  const [[row]] = await tenants.writeAtOnce(scope, renaming)
  return row === undefined || row.linking ? null : { ...sessionView(row), name }
}
