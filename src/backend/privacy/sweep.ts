import { sql } from 'kysely'
import type { WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { namedInStanza, namesInStanzas, type Names } from './contact.js'
import { contactSteps, type EraseContactDeps } from './erase-contact.js'
import type { Tombstone } from './tombstone-file.js'
import type { Tombstones } from './tombstones.js'
import './privacy-tables.js'

export type SweepDeps = EraseContactDeps & {
  database: Pick<Database, 'system'>
  tenants: Tenants
  tombstones: Pick<Tombstones, 'subject'>
}

const atOnce = 500

/** Every run of digits that names somebody, wherever names stand in the open. */
const inTheOpen = sql`
  select phone_number as text from people union select lid from people
  union select phone_number from sessions union select lid from sessions
  union select recipient from outbox_messages union select id from signal_keys`

/**
 * Takes away what names erased contacts and has come back: all of it when the database is an older one that was put back, else what came late,
 * which are messages of before the erasure. What a contact has written since is new, and stays.
 * @param forgotten what a database that was put back does not know: with any, everything is looked through
 * @returns how many rows
 */
export async function sweepContacts(
  deps: SweepDeps,
  workspaceId: WorkspaceId,
  forgotten: readonly Tombstone[],
): Promise<number> {
  const { database, tenants, tombstones } = deps
  const putBack = forgotten.length > 0
  const stored = await database.system(({ db }) =>
    db.selectFrom('tombstones').select(['subject', 'erased_at']).where('workspace_id', '=', workspaceId).execute(),
  )
  const erasedAt = new Map([
    ...stored.map(({ subject, erased_at }) => [subject.toString('hex'), erased_at] as const),
    ...forgotten.map(line => [Buffer.from(line.subject, 'base64').toString('hex'), new Date(line.erasedAt)] as const),
  ])
  const when = (name: string) => erasedAt.get(tombstones.subject(workspaceId, name).toString('hex'))
  const texts = putBack ? sql`${inTheOpen} union ${namesInStanzas}` : namesInStanzas
  const { rows } = await tenants.read({ workspaceId }, ({ db }) =>
    sql<{ digits: string }>`
      select distinct m[1] as digits from (${texts}) as t, regexp_matches(t.text, '[0-9]{5,20}', 'g') as m`.execute(db),
  )
  let count = 0
  for (const { digits } of rows) {
    for (const [at, names] of [
      [when(digits), { numbers: [digits], lids: [] }],
      [when(`lid ${digits}`), { numbers: [], lids: [digits] }],
    ] as const) {
      if (at === undefined) continue
      count += putBack ? await eraseAgain(deps, workspaceId, names) : await eraseLate(tenants, workspaceId, names, at)
    }
  }
  return count
}

async function eraseAgain(deps: SweepDeps, workspaceId: WorkspaceId, names: Names): Promise<number> {
  let count = 0
  for (const step of contactSteps(deps)) {
    for (let gone = 1; gone > 0; count += gone) {
      gone = await deps.tenants.transact({ workspaceId }, tx => step(tx, names, atOnce))
    }
  }
  return count
}

async function eraseLate(tenants: Tenants, workspaceId: WorkspaceId, names: Names, erasedAt: Date): Promise<number> {
  return tenants.transact({ workspaceId }, async ({ db }) => {
    const { rows } = await sql`
      delete from inbound_journal
      where ${namedInStanza(names)}
        and (stanza ->> 'timestamp')::numeric < ${Math.floor(erasedAt.getTime() / 1_000)} returning 1`.execute(db)
    return rows.length
  })
}
