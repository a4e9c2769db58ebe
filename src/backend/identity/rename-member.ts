import type { Tenants } from '../database/tenant-transaction.js'
import { audit } from '../audit/audit.js'
import { ownScope, type Person } from './own-login.js'

/** What one is called is each workspace's own. */
export async function renameMember(
  { tenants }: { tenants: Tenants },
  person: Person,
  { name }: { name: string },
): Promise<void> {
  const { userId, workspaceId } = person
  await tenants.transact(ownScope(person), async tx => {
    await tx.db
      .updateTable('app_users')
      .set({ name })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', userId)
      .execute()
    await audit(tx, { action: 'member.renamed', target: userId })
  })
}
