import { type Client, escapeIdentifier as quote } from 'pg'
import { tenantColumnOf } from '../../src/backend/database/policy-forms.js'
import { type Actor, insertInto, otherMember, places, type PlaceName, type PlantedTable } from './tenant-scene.js'

/** `held`: row level security let nothing through. Whatever else a statement meets is met behind it. */
export type Outcome = 'held' | 'through'

export type Probe = { what: string; expected: Outcome; found: Outcome }

/** The foreign keys, unique keys and checks of a table look at a row only after row level security has. */
const behind = /^23/
const refused = '42501'

/**
 * Tries every command on every planted row of a table as one actor, each in a savepoint that is taken back. The client has a transaction open.
 * @param role the app role, where the client is not connected as it
 */
export async function probeTable(client: Client, target: PlantedTable, actor: Actor, role?: string): Promise<Probe[]> {
  const attempt = async (text: string, values: unknown[] = []): Promise<Outcome> => {
    await client.query('savepoint probe')
    try {
      if (role !== undefined)
        await client.query(`set local session_replication_role = origin; set local role ${quote(role)}`)
      await client.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
        actor.workspaceId ?? '',
        actor.userId ?? '',
      ])
      return ((await client.query(text, values)).rowCount ?? 0) > 0 ? 'through' : 'held'
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (code === refused) return 'held'
      if (behind.test(code)) return 'through'
      throw error
    } finally {
      await client.query('rollback to savepoint probe; release savepoint probe')
    }
  }
  const probes: Probe[] = []
  const expect = async (what: string, passes: boolean, text: string, values: unknown[] = []): Promise<void> => {
    probes.push({ what, expected: passes ? 'through' : 'held', found: await attempt(text, values) })
  }

  const { appended } = target.sample
  const changes = appended === undefined
  const table = quote(target.table)
  const tenant = quote(tenantColumnOf(target.table))
  for (const [name, ctid] of target.rows) {
    const sees = reaches(target, actor, name)
    const owns = sees && (target.sample.ownersAlone === undefined || mayMake(actor, name))
    // whoever manages keys ends those of others, too
    const removes = target.sample.hangsOn === 'key' ? sees : owns
    const insert = insertInto(target, name, appended?.length === 0 ? undefined : appended)
    await expect(`select ${name}`, sees, `select from ${table} where ctid = $1`, [ctid])
    await expect(`lock ${name}`, sees && changes, `select from ${table} where ctid = $1 for update`, [ctid])
    await expect(`insert ${name}`, owns && appended?.length !== 0, insert.text, insert.values)
    await expect(`update ${name}`, sees && changes, `update ${table} set ${tenant} = ${tenant} where ctid = $1`, [ctid])
    await expect(`delete ${name}`, removes && changes, `delete from ${table} where ctid = $1`, [ctid])
    for (const [column, value, to] of movesFrom(target, name)) {
      const stays = changes && sees && reaches(target, actor, to)
      await expect(
        `move ${name} to ${to} by ${column}`,
        stays,
        `update ${table} set ${quote(column)} = $2 where ctid = $1`,
        [ctid, value],
      )
    }
  }
  const { ownersAlone, hangsOn } = target.sample
  if (ownersAlone !== undefined && changes) {
    const gives =
      reaches(target, actor, 'private') && (actor.userId === null || (hangsOn === 'key' && actor.manages === true))
    const text = `update ${table} set ${quote(ownersAlone)} = $2 where ctid = $1`
    await expect('give private away', gives, text, [target.rows.get('private'), otherMember])
  }
  await expect('truncate', false, `truncate ${table} cascade`)
  return probes
}

const mayMake = ({ userId }: Actor, name: PlaceName): boolean => userId === null || userId === places[name].ownerId

/** Who reaches a row, as the contract says it. */
function reaches({ sample: { hangsOn } }: PlantedTable, actor: Actor, name: PlaceName): boolean {
  const { workspaceId, ownerId, visibility } = places[name]
  if (hangsOn === 'login') return actor.userId === ownerId
  if (actor.workspaceId !== workspaceId) return false
  if (hangsOn === 'workspace' || actor.userId === null || actor.userId === ownerId) return true
  return (hangsOn === 'session' && visibility === 'workspace') || (hangsOn === 'key' && actor.manages === true)
}

/** Changes of one column that put a row where another one is. */
function movesFrom({ table, sample }: PlantedTable, from: PlaceName): [string, unknown, PlaceName][] {
  const tenant = tenantColumnOf(table)
  const moves: [string, unknown, PlaceName][] = []
  const to = sample.row(places.foreign)
  if (from !== 'foreign') moves.push([tenant, to[tenant], 'foreign'])
  if (from === 'shown' && 'session_id' in to && sample.hangsOn === 'session')
    moves.push(['session_id', places.private.sessionId, 'private'])
  return moves
}
