import { Client } from 'pg'
import { asDatabaseError } from '../database/database-errors.js'
import { SCHEMA } from '../database/schema.js'
import { verifyChain, verifyEnded, type ChainHead, type ChainReport, type ChainRow } from './verify-chain.js'

/** A head that was kept outside of the database. */
export type Anchor = ChainHead & { workspaceId: string }

const pageSize = 1_000
const smallest = '-9223372036854775808'

const workspaces = `
  select w.id, h.seq, h.hash, e.seq as "endSeq", e.hash as "endHash" from (
    select workspace_id as id from ${SCHEMA}.audit_log union select workspace_id from ${SCHEMA}.audit_heads
    union select workspace_id from ${SCHEMA}.audit_ended union select unnest($1::uuid[])
  ) as w left join ${SCHEMA}.audit_heads h on h.workspace_id = w.id
    left join ${SCHEMA}.audit_ended e on e.workspace_id = w.id order by 1`

type WorkspaceRow = {
  id: string
  seq: string | null
  hash: Buffer | null
  endSeq: string | null
  endHash: Buffer | null
}

const headOf = (seq: string | null, hash: Buffer | null): ChainHead | null =>
  seq === null || hash === null ? null : { seq: BigInt(seq), hash }

/** In the forms that are hashed. */
const columns = `id, seq, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, entry::text as entry, prev, hash`

const numbered = `
  select ${columns} from ${SCHEMA}.audit_log where workspace_id = $1 and seq > $2 order by seq limit ${pageSize}`

/** Of those one is enough. */
const unnumbered = `select ${columns} from ${SCHEMA}.audit_log where workspace_id = $1 and seq is null limit 1`

/**
 * Follows the chains of all workspaces as of one moment.
 *
 * What it proves: no entry was changed, taken out, put in or cut off by anybody who could not also rewrite the hashes after it and the head.
 * The app role can do neither: a workspace that it deletes leaves the head of its chain behind. The owner of the tables, or whoever has the server,
 * could write a whole new chain: that is found with an anchor only, a head that was kept where they cannot write.
 *
 * @param ownerUrl of the role that owns the tables, which sees all of them
 * @throws DatabaseUnavailableError, DatabaseRefusedError
 */
export async function verifyAudit(ownerUrl: string, anchors: readonly Anchor[] = []): Promise<ChainReport[]> {
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 30_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('begin isolation level repeatable read, read only')
    const { rows } = await client.query<WorkspaceRow>(workspaces, [anchors.map(({ workspaceId }) => workspaceId)])
    const reports: ChainReport[] = []
    for (const { id, seq, hash, endSeq, endHash } of rows) {
      const kept = anchors.filter(({ workspaceId }) => workspaceId === id)
      const end = headOf(endSeq, endHash)
      reports.push(
        end === null
          ? await verifyChain(id, chainRows(client, id), headOf(seq, hash), kept)
          : await verifyEnded(id, chainRows(client, id), end, kept),
      )
    }
    return reports
  } catch (error) {
    throw asDatabaseError(error)
  } finally {
    await client.end().catch(() => {})
  }
}

async function* chainRows(client: Client, workspaceId: string): AsyncGenerator<ChainRow> {
  let after: string | null = smallest
  while (after !== null) {
    const { rows }: { rows: ChainRow[] } = await client.query<ChainRow>(numbered, [workspaceId, after])
    yield* rows
    after = rows.length < pageSize ? null : (rows.at(-1)?.seq ?? null)
  }
  yield* (await client.query<ChainRow>(unnumbered, [workspaceId])).rows
}
