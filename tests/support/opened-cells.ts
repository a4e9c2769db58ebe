import { sealedColumns, type KeyValue, type SealedColumn } from '../../src/backend/key-rotation/sealed-columns.js'
import { VaultError } from '../../src/backend/vault/vault-error.js'
import type { TenantRig } from './tenant-rig.js'

type Row = { session_id: string; sealed: Buffer } & Record<string, KeyValue>

/** Everything sealed in the rig's workspace, as its vault opens it, table by table. What it does not open is left out. */
export async function openedCells(rig: TenantRig): Promise<{ table: string; text: string }[]> {
  const opened: { table: string; text: string }[] = []
  for (const sealed of sealedColumns)
    opened.push({ table: sealed.table, text: (await openColumn(rig, sealed)).join('\n') })
  return opened
}

async function openColumn(rig: TenantRig, { table, column, under, keys, cell }: SealedColumn): Promise<string[]> {
  const { rows, vault, workspaceId } = rig
  const ofSession = under === 'session' ? 'session_id' : 'null as session_id'
  const columns = [ofSession, `${column} as sealed`, ...keys.map(({ name }) => name)].join(', ')
  const found = await rows.query<Row>(
    `select ${columns} from whizlite.${table} where workspace_id = $1 and ${column} is not null`,
    [workspaceId],
  )
  const texts: string[] = []
  for (const row of found) {
    const values = keys.map(({ name }) => row[name] ?? '')
    const text = await rig.read(async tx => {
      try {
        const sealer =
          under === 'session'
            ? await vault.sealer(tx, { workspaceId, sessionId: row.session_id })
            : await vault.workspaceSealer(tx, workspaceId)
        return String(await sealer.open(tx, cell(row.session_id, values), row.sealed))
      } catch (error) {
        if (error instanceof VaultError) return null
        throw error
      }
    })
    if (text !== null) texts.push(text)
  }
  return texts
}
