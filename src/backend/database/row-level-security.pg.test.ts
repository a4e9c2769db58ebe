import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeTable } from '../../../tests/support/tenant-probes.js'
import { SAMPLES } from '../../../tests/support/tenant-samples.js'
import {
  actors,
  otherMember,
  places,
  type PlantedTable,
  plantScene,
  plantTable,
  tenantTables,
} from '../../../tests/support/tenant-scene.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { findIsolationFaults, SYSTEM_TABLES } from './isolation.js'

let opened: TestDatabase
let owner: Client
let app: Client
let planted: PlantedTable[]

beforeAll(async () => {
  opened = await openTestDatabase()
  owner = new Client(opened.ownerUrl)
  app = new Client(opened.appUrl)
  await owner.connect()
  await app.connect()
  await app.query('set search_path to whizlite')
  planted = await plantScene(owner)
})
afterAll(async () => {
  await app.end()
  await owner.end()
  await opened[Symbol.asyncDispose]()
})

async function contents(): Promise<unknown> {
  const found: Record<string, unknown> = {}
  for (const { table } of planted) {
    found[table] = (await owner.query(`select to_jsonb(t) as row from "${table}" t order by t.ctid`)).rows
  }
  return found
}

test('every table is a known system table, or is protected and has a sample', async () => {
  expect(await findIsolationFaults(owner)).toEqual([])
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'whizlite'::regnamespace and relkind in ('r', 'p')`,
  )
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...SYSTEM_TABLES, ...SAMPLES.keys()].toSorted())
})

test('a table of which nobody has said whose its rows are is noticed', async () => {
  await owner.query('begin')
  try {
    await owner.query('create table whizlite.newcomer (workspace_id uuid)')
    expect(await tenantTables(owner)).toContain('newcomer')
    await expect(plantTable(owner, 'newcomer')).rejects.toThrow('Table newcomer has no sample')
  } finally {
    await owner.query('rollback')
  }
})

describe('who reaches which rows, by select, insert, update, delete and truncate:', () => {
  test.each(actors)('$name', async actor => {
    const before = await contents()
    const wrong: string[] = []
    let tried = 0
    for (const target of planted) {
      await app.query('begin')
      try {
        for (const { what, expected, found } of await probeTable(app, target, actor)) {
          tried++
          if (found !== expected) wrong.push(`${target.table}: ${what} is ${found}`)
        }
      } finally {
        await app.query('rollback')
      }
    }
    expect(wrong).toEqual([])
    expect(tried).toBeGreaterThan(planted.length * 10)
    expect(await contents()).toEqual(before)
  })
})

test('every table has a row in every place', () => {
  for (const { table, sample, rows } of planted) {
    const shared = !['session', 'owner'].includes(sample.hangsOn)
    expect([table, rows.size, [...rows.values()]]).toEqual([table, shared ? 2 : 3, expect.not.arrayContaining([''])])
  }
})

describe('whose a session is, and who sees it', () => {
  const { sessionId, workspaceId, ownerId } = places.shown
  const change = async (userId: string, assignment: string): Promise<number | string> => {
    await app.query('begin')
    try {
      await app.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
        workspaceId,
        userId,
      ])
      return (await app.query(`update sessions set ${assignment} where id = $1`, [sessionId])).rowCount ?? 0
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    } finally {
      await app.query('rollback')
    }
  }

  test('is for its owner to change', async () => {
    expect(await change(ownerId, `visibility = 'private'`)).toBe(1)
  })

  test('is not for a member who merely sees it, who may change the rest', async () => {
    expect(await change(otherMember, `visibility = 'private'`)).toBe('42501')
    expect(await change(otherMember, `owner_id = '${otherMember}', visibility = 'private'`)).toBe('42501')
    expect(await change(otherMember, `state = 'disconnected'`)).toBe(1)
  })
})
