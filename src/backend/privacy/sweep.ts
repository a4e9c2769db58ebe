import { sql } from 'kysely'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { endSession } from './account-sessions.js'
import { namedInStanza, namesInStanzas, type Names } from './contact.js'
import { contactSteps, keySteps, type EraseContactDeps } from './erase-contact.js'
import { elsewhere, runSteps } from './erase-step.js'
import type { Tombstone } from './tombstone-file.js'
import { sessionName, type Tombstones } from './tombstones.js'
import './privacy-tables.js'

export type SweepDeps = EraseContactDeps & {
  database: Pick<Database, 'system'>
  tenants: Tenants
  tombstones: Pick<Tombstones, 'subject' | 'ofSession'>
}

const atOnce = 500

/** Every run of digits that names somebody, wherever names stand in the open. */
const inTheOpen = sql`
  select phone_number as text from people union select lid from people
  union select phone_number from sessions union select lid from sessions
  union select recipient from outbox_messages union select id from signal_keys`

/** By which digits erased contacts are known again, and since when they are erased. */
type Erased = { readonly of: (name: string) => Date | undefined }

/**
 * Takes away what names erased contacts and has come back. What the database knows to be erased can only have come late, in messages of before
 * the erasure. What it does not know was put back with it: that is looked for everywhere, and goes as far as it is older than the erasure. What
 * a contact has written since is new, and stays; so do sessions, but for those that an erasure had deleted.
 * @param forgotten what a database that was put back does not know
 * @returns how many rows
 */
export async function sweepContacts(
  deps: SweepDeps,
  workspaceId: WorkspaceId,
  forgotten: readonly Tombstone[],
): Promise<number> {
  const { database, tenants, tombstones } = deps
  const stored = await database.system(({ db }) =>
    db.selectFrom('tombstones').select(['subject', 'erased_at']).where('workspace_id', '=', workspaceId).execute(),
  )
  const erasedBy = (entries: readonly (readonly [string, Date])[]): Erased => {
    const times = new Map(entries)
    return { of: name => times.get(tombstones.subject(workspaceId, name).toString('hex')) }
  }
  const known = erasedBy(stored.map(({ subject, erased_at: at }) => [subject.toString('hex'), at]))
  const putBack = erasedBy(
    forgotten.map(line => [Buffer.from(line.subject, 'base64').toString('hex'), new Date(line.erasedAt)]),
  )

  let count = forgotten.length === 0 ? 0 : await endAgain(deps, workspaceId, putBack)
  const texts = forgotten.length > 0 ? sql`${inTheOpen} union ${namesInStanzas}` : namesInStanzas
  const { rows } = await tenants.read({ workspaceId }, ({ db }) =>
    sql<{ digits: string }>`
      select distinct m[1] as digits from (${texts}) as t, regexp_matches(t.text, '[0-9]{5,20}', 'g') as m`.execute(db),
  )
  for (const { digits } of rows) {
    for (const [name, names] of [
      [digits, { numbers: [digits], lids: [] }],
      [`lid ${digits}`, { numbers: [], lids: [digits] }],
    ] as const) {
      const late = known.of(name)
      const again = putBack.of(name)
      if (late !== undefined) count += await eraseLate(tenants, workspaceId, names, late)
      if (again !== undefined) count += await eraseAgain(deps, workspaceId, names, again)
    }
  }
  return count
}

/** @returns how many sessions that were deleted with their account's data are so once more */
async function endAgain(deps: SweepDeps, workspaceId: WorkspaceId, putBack: Erased): Promise<number> {
  const scope = { workspaceId }
  const rows = await deps.tenants.read(scope, ({ db }) =>
    db.selectFrom('sessions').select('id').where('deleted_at', 'is', null).execute(),
  )
  let count = 0
  for (const { id } of rows) {
    if (putBack.of(sessionName(id)) === undefined) continue
    if (await deps.tenants.transact(scope, tx => endSession(deps, tx, id as SessionId, scope))) count++
  }
  return count
}

function eraseAgain(deps: SweepDeps, workspaceId: WorkspaceId, names: Names, before: Date): Promise<number> {
  return runSteps([...contactSteps(deps), ...keySteps(deps)], { names, before, limit: atOnce }, work =>
    deps.tenants.transact({ workspaceId }, work),
  )
}

async function eraseLate(tenants: Tenants, workspaceId: WorkspaceId, names: Names, erasedAt: Date): Promise<number> {
  return tenants.transact({ workspaceId }, async ({ db }) => {
    const { rows } = await sql`
      delete from inbound_journal
      where ${namedInStanza(names)} and ${elsewhere(names)}
        and (stanza ->> 'timestamp')::numeric < ${Math.floor(erasedAt.getTime() / 1_000)} returning 1`.execute(db)
    return rows.length
  })
}
