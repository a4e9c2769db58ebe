import { Client, escapeIdentifier as quote } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Probe, probeTable } from '../../../tests/support/tenant-probes.js'
import { SAMPLES } from '../../../tests/support/tenant-samples.js'
import { actors, type PlantedTable, plantScene } from '../../../tests/support/tenant-scene.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { findIsolationFaults } from './isolation.js'

/** Proves that the tests of row level security can fail: each of these mistakes, in any table, is found by one of them or by both. */

type Policy = {
  table: string
  name: string
  permissive: boolean
  command: string
  using: string | null
  check: string | null
}
type Mutant = { name: string; sql: string; policies?: 'permissive' | 'restrictive'; foundBy: 'both' | 'catalogue' }

const tenant = `workspace_id = nullif(current_setting('app.workspace', true), '')::uuid`

let opened: TestDatabase
let owner: Client
let planted: PlantedTable[]
let policies: Policy[]
let role: string

beforeAll(async () => {
  opened = await openTestDatabase()
  owner = new Client(opened.ownerUrl)
  await owner.connect()
  planted = await plantScene(owner)
  role = new URL(opened.appUrl).username
  policies = (
    await owner.query<Policy>(`
      select c.relname as "table", p.polname as name, p.polpermissive as permissive, p.polcmd as command,
        pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check
      from pg_policy p join pg_class c on c.oid = p.polrelid
      where c.relnamespace = 'whizlite'::regnamespace and p.polroles <> array[c.relowner]`)
  ).rows
})
afterAll(async () => {
  await owner.end()
  await opened[Symbol.asyncDispose]()
})

const forgetMember = (table: string, { name, check, permissive }: Policy): string | null =>
  permissive && check?.includes('app.user') === true && check.includes('app.workspace')
    ? `alter policy ${quote(name)} on ${quote(table)} with check (${tenant})`
    : null

/** What each mistake does to one policy, or to a table. Null: it cannot be made there. */
const mistakes: [string, Mutant['foundBy'], (table: string, policy: Policy) => string | null][] = [
  ['row level security is off', 'both', table => `alter table ${quote(table)} disable row level security`],
  ['its owner is not held', 'catalogue', table => `alter table ${quote(table)} no force row level security`],
  ['the policy is gone', 'both', (table, { name }) => `drop policy ${quote(name)} on ${quote(table)}`],
  [
    'a policy opens all',
    'both',
    (table, { using, name, permissive }) =>
      permissive ? `alter policy ${quote(name)} on ${quote(table)} using ((${using}) or true)` : null,
  ],
  [
    'anything may be written',
    'both',
    (table, { check, name }) =>
      check === null ? null : `alter policy ${quote(name)} on ${quote(table)} with check (true)`,
  ],
  [
    'a second policy opens more',
    'both',
    (table, { permissive }) => (permissive ? `create policy extra on ${quote(table)} for select using (true)` : null),
  ],
  [
    'members are not told apart where they read',
    'both',
    (table, { name, using, permissive }) =>
      permissive && using?.includes('app.user') && using.includes('app.workspace')
        ? `alter policy ${quote(name)} on ${quote(table)} using (${tenant})`
        : null,
  ],
  [
    'members are not told apart where they write',
    'both',
    (table, policy) => (SAMPLES.get(table)?.ownersAlone === undefined ? forgetMember(table, policy) : null),
  ],
  [
    // the restrictive policies hold it, too
    'members are not told apart where they write what is their own alone',
    'catalogue',
    (table, policy) => (SAMPLES.get(table)?.ownersAlone === undefined ? null : forgetMember(table, policy)),
  ],
]

async function wrongProbes(target: PlantedTable): Promise<Probe[]> {
  const wrong: Probe[] = []
  for (const actor of actors) {
    wrong.push(...(await probeTable(owner, target, actor, role)).filter(({ expected, found }) => expected !== found))
  }
  return wrong
}

test('without a mistake nothing is found', async () => {
  await owner.query('begin')
  try {
    for (const target of planted) expect([target.table, await wrongProbes(target)]).toEqual([target.table, []])
    expect(await findIsolationFaults(owner)).toEqual([])
  } finally {
    await owner.query('rollback')
  }
})

test.each(mistakes)('it is found when %s', async (_, foundBy, mutate) => {
  const missed: string[] = []
  let made = 0
  for (const policy of policies) {
    const target = planted.find(({ table }) => table === policy.table)
    const statement = mutate(policy.table, policy)
    if (statement === null || target === undefined) continue
    made++
    await owner.query('begin')
    try {
      await owner.query(statement)
      if ((await findIsolationFaults(owner)).length === 0) missed.push(`catalogue: ${policy.name}`)
      if (foundBy === 'both' && (await wrongProbes(target)).length === 0) missed.push(`probes: ${policy.name}`)
    } finally {
      await owner.query('rollback')
    }
  }
  expect(missed).toEqual([])
  expect(made).toBeGreaterThan(0)
})

describe('a function that the policies ask', () => {
  const functions = ['sees_session', 'sees_link', 'sees_person']
  const change = (how: string) => `
    do $$ declare found record; begin
      for found in select oid::regprocedure as signature from pg_proc
        where pronamespace = 'whizlite'::regnamespace and proname = any (array['${functions.join("','")}'])
      loop execute format(${how}, found.signature); end loop;
    end $$`

  test.each([
    ['runs with the rights of its owner', change(`'alter function %s security definer'`)],
    [
      'says yes to all',
      functions
        .map(
          name => `create or replace function ${name}(p_workspace uuid, ${name === 'sees_person' ? 'p_person' : 'p_session'} uuid)
            returns boolean language plpgsql stable as 'begin return true; end'`,
        )
        .join(';'),
    ],
  ])('is found when it %s', async (_, statement) => {
    await owner.query('begin')
    try {
      await owner.query(statement)
      const faults = (await findIsolationFaults(owner)).join(' ')
      for (const name of functions) expect(faults).toContain(`Function ${name}`)
      const missed: string[] = []
      for (const target of planted.filter(
        ({ sample, table }) => sample.hangsOn === 'session' && table !== 'sessions',
      )) {
        if ((await wrongProbes(target)).length === 0) missed.push(target.table)
      }
      expect(missed).toEqual([])
    } finally {
      await owner.query('rollback')
    }
  })
})
