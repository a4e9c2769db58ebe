import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { APPEND_ONLY, findAppendOnlyFaults } from './append-only.js'

let opened: TestDatabase
let owner: Client
let role: string

beforeAll(async () => {
  opened = await openTestDatabase()
  role = new URL(opened.appUrl).username
  owner = new Client(opened.ownerUrl)
  await owner.connect()
})
afterAll(async () => {
  await owner.end()
  await opened[Symbol.asyncDispose]()
})

/** As the process finds it after the owner has done this; taken back at once. */
async function faultsAfter(...statements: string[]): Promise<string[]> {
  await owner.query('begin')
  try {
    await owner.query('set local search_path to whizlite')
    for (const statement of statements) await owner.query(statement)
    await owner.query(`set local session authorization ${role}`)
    return await findAppendOnlyFaults(owner)
  } finally {
    await owner.query('rollback')
  }
}

test('as it is, nothing that was appended can be changed, deleted or dressed up', async () => {
  expect(await faultsAfter()).toEqual([])
})

const tables = [...APPEND_ONLY.keys()]

test.each(tables)('%s: every right to take something back is found', async table => {
  for (const [right, what] of [
    ['update', 'change what is there'],
    ['delete', 'delete what is there'],
    ['truncate', 'empty it'],
  ])
    expect(await faultsAfter(`grant ${right} on ${table} to ${role}`)).toEqual([
      `Table ${table} is append-only, and the process could ${what}.`,
    ])
})

test.each([
  ['a right to one column alone', ['grant update (entry) on audit_log to $role'], 'audit_log'],
  ['one that everybody has', ['grant delete on tombstones to public'], 'tombstones'],
  ['one by a membership', ['create role w5', 'grant update on audit_heads to w5', 'grant w5 to $role'], 'audit_heads'],
  [
    'one that is two steps of SET ROLE away',
    [
      'create role w5',
      'create role w6 noinherit',
      'grant delete on audit_log to w5',
      'grant w5 to w6',
      'grant w6 to $role',
    ],
    'audit_log',
  ],
  ['a right to choose a place in the chain', ['grant insert (seq) on audit_log to $role'], 'could choose seq'],
  ['a right to make a head', ['grant insert on audit_heads to $role'], 'could choose hash'],
  ['a chain that is off', ['alter table audit_log disable trigger audit_log_chain'], 'Trigger audit_log_chain'],
  [
    'one for replicas alone',
    ['alter table audit_log enable replica trigger audit_log_chain'],
    'Trigger audit_log_chain',
  ],
  [
    'a workspace that goes with its chain',
    ['alter table workspaces disable trigger workspaces_audit_end'],
    'Trigger workspaces_audit_end on workspaces',
  ],
  ['no chain', ['drop trigger audit_log_chain on audit_log'], 'Trigger audit_log_chain'],
] as const)('%s is found', async (_, statements, fault) => {
  const faults = await faultsAfter(...statements.map(statement => statement.replace('$role', role)))
  expect(faults.join(' ')).toContain(fault)
})
