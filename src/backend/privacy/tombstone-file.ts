import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../database/database.js'
import './privacy-tables.js'

const Line = z.object({
  workspaceId: z.uuid(),
  subject: z.base64(),
  kind: z.enum(['contact', 'workspace']),
  kekId: z.string(),
  erasedAt: z.iso.datetime(),
})
export type Tombstone = z.infer<typeof Line>

/** Beside the database, because a backup that is put back does not know what was erased after it was made. */
const fileName = 'erased.ndjson'

/** What the file knows and the database does not: it is an older one, put back. @throws when the file cannot be read */
export async function forgottenTombstones(database: Pick<Database, 'system'>, dataDir: string): Promise<Tombstone[]> {
  const kept = readLines(join(dataDir, fileName))
  if (kept.length === 0) return []
  const known = new Set((await storedTombstones(database)).map(nameOf))
  return kept.filter(line => !known.has(nameOf(line)))
}

/** Once nothing is left of what they stand for. */
export async function putBackTombstones(
  database: Pick<Database, 'system'>,
  lines: readonly Tombstone[],
): Promise<void> {
  if (lines.length === 0) return
  await database.system(({ db }) =>
    sql`
      insert into tombstones (workspace_id, subject, kind, kek_id, erased_at)
      select k."workspaceId", decode(k.subject, 'base64'), k.kind, k."kekId", k."erasedAt"
      from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        as k ("workspaceId" uuid, subject text, kind text, "kekId" text, "erasedAt" timestamptz)
      on conflict do nothing`.execute(db),
  )
}

/** Adds to the file what it lacks. @throws when it cannot be written */
export async function copyTombstones(database: Pick<Database, 'system'>, dataDir: string): Promise<void> {
  const file = join(dataDir, fileName)
  const kept = new Set(readLines(file).map(nameOf))
  const missing = (await storedTombstones(database)).filter(line => !kept.has(nameOf(line)))
  if (missing.length === 0) return
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  // begins on a line of its own, should the last one have been cut short
  const text = ['', ...missing.map(line => JSON.stringify(line)), ''].join('\n')
  appendFileSync(file, text, { mode: 0o600, flush: true })
}

async function storedTombstones(database: Pick<Database, 'system'>): Promise<Tombstone[]> {
  const rows = await database.system(({ db }) => db.selectFrom('tombstones').selectAll().execute())
  return rows.map(row => ({
    workspaceId: row.workspace_id,
    subject: row.subject.toString('base64'),
    kind: row.kind,
    kekId: row.kek_id,
    erasedAt: row.erased_at.toISOString(),
  }))
}

const nameOf = ({ workspaceId, subject }: Pick<Tombstone, 'workspaceId' | 'subject'>): string =>
  `${workspaceId} ${subject}`

/** A line that a crash cut short is left out: the database has it still, or what it stood for was not erased. */
function readLines(file: string): Tombstone[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap(line => {
    try {
      const read = Line.safeParse(JSON.parse(line))
      return read.success ? [read.data] : []
    } catch {
      return []
    }
  })
}
