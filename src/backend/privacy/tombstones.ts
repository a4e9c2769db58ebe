import { createHmac } from 'node:crypto'
import { sql, type QueryExecutorProvider } from 'kysely'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import { lastingKey, type LastingKey } from '../vault/lasting-key.js'
import type { Secrets } from '../vault/secrets.js'
import type { Names } from './contact.js'
import './privacy-tables.js'

/** What stands for whoever was erased. */
export interface Tombstones {
  /** In the caller's transaction; one that is there stays as it is. */
  ofContact(tx: { readonly db: QueryExecutorProvider }, workspaceId: WorkspaceId, names: Names): Promise<void>
  /** Of one that was deleted with its account's data: its id is never used again. */
  ofSession(tx: { readonly db: QueryExecutorProvider }, workspaceId: WorkspaceId, sessionId: SessionId): Promise<void>
  ofWorkspace(tx: { readonly db: QueryExecutorProvider }, workspaceId: WorkspaceId): Promise<void>
  /** Keyed hash of a number or LID in a workspace: the same contact of two workspaces has two. */
  subject(workspaceId: string, name: string): Buffer
}

/** By which a session is known among the names of contacts. */
export const sessionName = (sessionId: string): string => `session ${sessionId}`

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
    ofSession: (tx, workspaceId, sessionId) =>
      put(tx, workspaceId, 'contact', [subject(workspaceId, sessionName(sessionId))]),
    ofWorkspace: (tx, workspaceId) => put(tx, workspaceId, 'workspace', [Buffer.from(workspaceId)]),
  }
}
