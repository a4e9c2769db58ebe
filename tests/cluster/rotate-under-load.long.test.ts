import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sealedColumns } from '../../src/backend/key-rotation/sealed-columns.js'
import { knownKeks } from '../../src/backend/vault/secrets.js'
import { CliProcess } from '../support/cli-process.js'
import { refusedStart } from '../support/refused-start.js'
import type { Cluster } from './cluster.js'
import { TestCluster } from './test-cluster.js'
import { writeOn } from './write-on.js'

const next = randomBytes(32)
let harness: TestCluster
let cluster: Cluster
let former: Uint8Array

beforeAll(async () => {
  harness = await TestCluster.start({ sessions: 6, nodes: 2 })
  cluster = harness.cluster
  former = cluster.secret
}, 180_000)

afterAll(() => harness[Symbol.asyncDispose]())

const both = () => ({
  WHATSAPP_SESSION_SECRET: next.toString('hex'),
  WHATSAPP_SESSION_SECRET_PREVIOUS: Buffer.from(former).toString('hex'),
})
const alone = { WHATSAPP_SESSION_SECRET: next.toString('hex'), WHATSAPP_SESSION_SECRET_PREVIOUS: '' }

const keys = (...words: string[]) =>
  new CliProcess(['keys', ...words], {
    env: { NODE_ENV: 'test', DATA_DIR: cluster.options.folder, DATABASE_URL: cluster.options.ownerUrl, ...both() },
  })

async function run(...words: string[]): Promise<{ code: number | NodeJS.Signals; output: string; errors: string }> {
  await using cli = keys(...words)
  const code = await cli.exited
  return { code, output: cli.output, errors: cli.errors }
}

async function restartAll(env: Record<string, string>): Promise<void> {
  for (const node of cluster.nodes) {
    expect(await node.stop()).toBe(0)
    await node.start(env)
  }
}

/** Values of each sealed column that another data key than the newest of their session or workspace seals. */
async function underOlderKeys(): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const { table, column, under } of sealedColumns) {
    const { rows } = await cluster.owner.query<{ left: number }>(`
      select count(*)::int as left from whizlite.${table} t where ${column} is not null
      and substring(${column} from 3 for 16) <> (
        select uuid_send(id) from whizlite.data_keys k where k.workspace_id = t.workspace_id
        and k.session_id is not distinct from ${under === 'session' ? 't.session_id' : 'null'} order by created_at desc, id limit 1)`)
    if (rows[0]?.left !== 0) found[`${table}.${column}`] = rows[0]?.left ?? -1
  }
  return found
}

test('secret and data keys are replaced while people write: nothing is lost or fails to open, and the former secret opens nothing', async () => {
  const messagesBefore = cluster.sent.length
  const talk = writeOn(cluster)
  try {
    // one node has the new secret, the other does not: nobody is left without a key
    const [first, second] = cluster.nodes
    expect(await first?.stop()).toBe(0)
    await first?.start(both())
    expect(await run('rotate')).toMatchObject({ code: 1, errors: expect.stringContaining('does not have the new') })
    expect(await second?.stop()).toBe(0)
    await second?.start(both())
    cluster.secret = next
    expect(await run('status')).toMatchObject({ code: 1 })
    expect(await run('rotate')).toMatchObject({ code: 0, output: expect.stringMatching(/, 0 are left/) })
    expect(await run('status')).toMatchObject({ code: 0 })

    await using killed = keys('rotate', '--data-keys')
    await killed.line(/ [1-9]\d* of \d+ data keys replaced/)
    killed.signal('SIGKILL')
    await killed.exited
    const made = await cluster.owner.query('select from whizlite.data_keys')
    expect(await run('rotate', '--data-keys')).toMatchObject({ code: 0, output: expect.stringMatching(/, 0 are left/) })
    expect((await cluster.owner.query('select from whizlite.data_keys')).rowCount).toBeGreaterThanOrEqual(
      made.rowCount ?? 0,
    )
    await restartAll(alone)
  } finally {
    await talk[Symbol.asyncDispose]()
  }
  await cluster.settled()
  await cluster.delivered()
  expect(cluster.sent.length).toBeGreaterThan(messagesBefore)
  expect(await underOlderKeys()).toEqual({})

  const logs = cluster.nodes.map(({ output }) => output).join('\n')
  expect(logs).not.toMatch(/storage_damaged|unknown_key|tampered|wrong_key|data_key_missing|stale_credentials/)
  const { history } = await harness.watch.history()
  expect(history.messages.filter(({ refused, stored }) => refused !== null || !stored)).toEqual([])
  await harness.expectNothingWrong()

  const old = knownKeks({ secret: former }).own
  const { rows } = await cluster.owner.query<{
    workspace: string
    session: string | null
    id: string
    wrapped: Buffer
  }>('select workspace_id as workspace, session_id as session, id, wrapped from whizlite.data_keys')
  expect(rows.length).toBeGreaterThan(cluster.sessions.length)
  for (const { workspace: workspaceId, session: sessionId, id, wrapped } of rows) {
    expect(() => old.unwrap({ workspaceId, sessionId }, id, wrapped)).toThrow('changed or belongs')
  }
  const { rows: roles } = await cluster.owner.query<{ login: boolean }>(
    `select rolcanlogin as login from pg_roles where rolname like replace(current_database(), '_', '\\_') || '\\_app%' order by rolname`,
  )
  expect(roles).toEqual([{ login: false }, { login: true }])
  const refused = await refusedStart({
    NODE_ENV: 'test',
    DATA_DIR: cluster.options.folder,
    DATABASE_URL: cluster.options.ownerUrl,
    WHATSAPP_SESSION_SECRET: Buffer.from(former).toString('hex'),
  })
  expect(refused.code).toBe(1)
}, 240_000)
