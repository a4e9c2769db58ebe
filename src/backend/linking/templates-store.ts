import type { TenantReader } from '../database/tenant-transaction.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import './link-tables.js'

export const bodyCell = (name: string): Cell => ({ table: 'message_templates', column: 'body', row: name })

/** The workspace's own text, or the built-in one. */
export async function templateText<Name extends string>(
  tx: TenantReader,
  vault: Vault,
  name: Name,
  builtIn: Readonly<Record<Name, string>>,
): Promise<string> {
  const row = await tx.db.selectFrom('message_templates').select('body').where('name', '=', name).executeTakeFirst()
  if (row === undefined) return builtIn[name]
  const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
  return (await sealer.open(tx, bodyCell(name), row.body)).toString('utf8')
}
