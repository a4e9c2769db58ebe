import { createHmac } from 'node:crypto'
import { sql, type QueryExecutorProvider } from 'kysely'
import type { WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import { lastingKey, type LastingKey } from '../vault/lasting-key.js'
import type { Secrets } from '../vault/secrets.js'
import type { Names } from './contact.js'
import './privacy-tables.js'

/** What stands for whoever was erased. */
export interface Tombstones {
  /** In the caller's transaction; one that is there stays as it is. */
  ofContact(tx: { readonly db: QueryExecutorProvider }, workspaceId: WorkspaceId, names: Names): Promise<void>
  ofWorkspace(tx: { readonly db: QueryExecutorProvider }, workspaceId: WorkspaceId): Promise<void>
  /** Keyed hash of a number or LID in a workspace: the same contact of two workspaces has two. */
  subject(workspaceId: string, name: string): Buffer
}

/** The same for ever: whom a tombstone is of nobody knows, so it could not be made anew. @throws as `lastingKey` */
export function tombstoneKey(database: Pick<Database, 'system'>, secrets: Secrets): Promise<LastingKey> {
  return lastingKey(database, secrets, 'tombstones/1')
}

export function createTombstones({ key, kekId }: LastingKey): Tombstones {
  const subject = (workspaceId: string, name: string): Buffer =>
    createHmac('sha256', key).update(`${workspaceId}\n${name}`).digest()
  const put = async (
    { db }: { readonly db: QueryExecutorProvider },
    workspaceId: WorkspaceId,
    kind: 'contact' | 'workspace',
    subjects: Buffer[],
  ): Promise<void> => {
    await sql`
      insert into tombstones (workspace_id, subject, kind, kek_id)
      select ${workspaceId}, s, ${kind}, ${kekId} from unnest(${subjects}::bytea[]) as s
      on conflict do nothing`.execute(db)
  }
  return {
    subject,
    ofContact: (tx, workspaceId, names) =>
      put(tx, workspaceId, 'contact', [
        ...names.numbers.map(number => subject(workspaceId, number)),
        ...names.lids.map(lid => subject(workspaceId, `lid ${lid}`)),
      ]),
    ofWorkspace: (tx, workspaceId) => put(tx, workspaceId, 'workspace', [Buffer.from(workspaceId)]),
  }
}
