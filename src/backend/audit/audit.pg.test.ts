import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { WorkspaceId } from '../../contract/ids.js'
import { audit, type Audited } from './audit.js'
import { readAudit } from './read-audit.js'
import { verifyAudit } from './verify-audit.js'

let rig: TenantRig
let app: Client

beforeAll(async () => {
  rig = await TenantRig.open()
  app = new Client(rig.clone.appUrl)
  await app.connect()
  await app.query('set search_path to whizlite')
})
afterAll(async () => {
  await app.end()
  await rig[Symbol.asyncDispose]()
})

const note = (audited: Partial<Audited> = {}) =>
  rig.transact(tx => audit(tx, { action: 'session.connect', ...audited }))

const verify = (...anchors: Parameters<typeof verifyAudit>[1] & object[]) => verifyAudit(rig.clone.ownerUrl, anchors)

/** The first broken place of the rig's own chain. */
const fault = async () => (await verify()).find(({ workspaceId }) => workspaceId === rig.workspaceId)?.fault

describe('an entry', () => {
  test('is stored with what it tells of, or not at all', async () => {
    const before = await rig.read(tx => readAudit(tx, {}))
    await expect(
      rig.transact(async tx => {
        await audit(tx, { action: 'session.delete' })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await rig.read(tx => readAudit(tx, {}))).toEqual(before)
  })

  test('says who, how, from where, to what, and with which result', async () => {
    const userId = randomUUID()
    const target = randomUUID()
    const by = { kind: 'key', keyId: 'Ab3dEf9h', address: '192.0.2.7' } as const
    await rig.tenants.transact({ workspaceId: rig.workspaceId, userId, by }, tx =>
      audit(tx, { action: 'key.created', target, detail: { scopes: ['read'], code: 'of_a_member' } }),
    )
    const { entries, head } = await rig.read(tx => readAudit(tx, { limit: 1 }))
    expect(entries).toEqual([
      {
        seq: head?.seq,
        hash: head?.hash,
        at: expect.any(String),
        action: 'key.created',
        result: 'done',
        by: 'key',
        keyId: 'Ab3dEf9h',
        address: '192.0.2.7',
        userId,
        target,
        detail: { scopes: ['read'], code: 'of_a_member' },
      },
    ])
  })

  test.each([
    ['a text', { code: 'my order number is 7' }],
    ['a number that could be a phone’s', { count: 254_700_000_001.5 }],
    ['a field of its own', { body: 'hello' }],
  ])('that holds %s is refused, and so is what it tells of', async (_, detail) => {
    const before = await rig.read(tx => readAudit(tx, {}))
    await expect(note({ detail: detail as Audited['detail'] & object })).rejects.toThrow()
    expect(await rig.read(tx => readAudit(tx, {}))).toEqual(before)
  })
})

describe('the order', () => {
  test('is without gaps when two hundred are written at once', async () => {
    const before = Number((await rig.read(tx => readAudit(tx, {}))).head?.seq)
    const targets = Array.from({ length: 200 }, () => randomUUID())
    await Promise.all(targets.map(target => note({ target })))
    const { head } = await rig.read(tx => readAudit(tx, {}))
    expect(head?.seq).toBe(String(before + 200))
    const rows = await rig.rows.query<{ target: string; at: Date }>(
      `select entry ->> 'target' as target, at from audit_log where seq > $1 order by seq`,
      [before],
    )
    expect(rows.map(({ target }) => target).toSorted()).toEqual(targets.toSorted())
    expect(rows.map(({ at }) => at)).toEqual(rows.map(({ at }) => at).toSorted((a, b) => a.getTime() - b.getTime()))
    expect(await fault()).toBeNull()
  })

  test('makes nobody wait for a transaction that takes its time', async () => {
    const slow = randomUUID()
    const quick = randomUUID()
    await rig.transact(async tx => {
      await audit(tx, { action: 'session.link', target: slow })
      // on another connection: it would wait for ever if the first one held the chain
      await note({ action: 'session.delete', target: quick })
    })
    const { entries } = await rig.read(tx => readAudit(tx, { limit: 2 }))
    expect(entries.map(({ target }) => target)).toEqual([slow, quick])
    expect(await fault()).toBeNull()
  })
})

describe('pages', () => {
  test('follow each other without a gap, and are filtered', async () => {
    const target = randomUUID()
    for (let i = 0; i < 5; i++) await note({ action: 'session.rename', target })
    const first = await rig.read(tx => readAudit(tx, { target, limit: 3 }))
    const second = await rig.read(tx => readAudit(tx, { target, limit: 3, before: first.next ?? '' }))
    expect([first.entries.length, second.entries.length, second.next]).toEqual([3, 2, null])
    const filtered = [
      { action: 'session.hand_off' as const },
      { userId: randomUUID() },
      { since: '2100-01-01T00:00:00Z' },
      { until: '2000-01-01T00:00:00Z' },
    ]
    for (const query of filtered)
      expect((await rig.read(tx => readAudit(tx, { target, ...query }))).entries).toEqual([])
  })

  test('show a member what they did themselves, and an admin everything', async () => {
    const [member, admin] = [randomUUID(), randomUUID()]
    await rig.rows.query(`alter table app_users no force row level security`)
    for (const [id, role] of [
      [member, 'member'],
      [admin, 'admin'],
    ])
      await rig.rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Somebody', $3)`, [
        rig.workspaceId,
        id,
        role,
      ])
    await rig.tenants.transact({ workspaceId: rig.workspaceId, userId: member }, tx =>
      audit(tx, { action: 'auth.password_changed' }),
    )
    const seenBy = async (userId: string) =>
      (await rig.tenants.read({ workspaceId: rig.workspaceId, userId }, tx => readAudit(tx, { limit: 200 }))).entries
    expect(new Set((await seenBy(member)).map(({ userId }) => userId))).toEqual(new Set([member]))
    expect((await seenBy(admin)).length).toBeGreaterThan(1)
  })

  test('are of one workspace alone', async () => {
    const workspaceId = WorkspaceId.parse(randomUUID())
    await rig.rows.query(`insert into workspaces (id, name, slug) values ($1, 'Other', $2)`, [
      workspaceId,
      `other-${workspaceId.slice(0, 8)}`,
    ])
    await rig.tenants.transact({ workspaceId }, tx => audit(tx, { action: 'workspace.created' }))
    const page = await rig.tenants.read({ workspaceId }, tx => readAudit(tx, {}))
    expect(page.entries.map(({ seq, action }) => [seq, action])).toEqual([['1', 'workspace.created']])
    expect((await verify()).map(report => report.fault)).toEqual([null, null])
  })
})

describe('the process cannot', () => {
  test.each([
    ['change an entry', `update audit_log set entry = '{}'`],
    ['delete one', 'delete from audit_log'],
    ['empty the log', 'truncate audit_log cascade'],
    ['choose a place in the chain', `insert into audit_log (workspace_id, entry, seq) select $1, '{}', 1`],
    ['move the head', 'update audit_heads set seq = 0'],
    ['make a head', `insert into audit_heads (workspace_id) values ($1)`],
    ['delete the head', 'delete from audit_heads'],
    ['write where a chain has ended', `insert into audit_ended (workspace_id, seq, hash) values ($1, 0, '')`],
    ['forget where one has ended', 'delete from audit_ended'],
    ['take the trigger away', 'alter table audit_log disable trigger all'],
  ])('%s', async (_, statement) => {
    await app.query('begin')
    try {
      await app.query(`select set_config('app.workspace', $1, true)`, [rig.workspaceId])
      await expect(app.query(statement, statement.includes('$1') ? [rig.workspaceId] : [])).rejects.toMatchObject({
        code: '42501',
      })
    } finally {
      await app.query('rollback')
    }
  })

  test('write in the name of another member', async () => {
    await app.query('begin')
    try {
      await app.query(`select set_config('app.workspace', $1, true), set_config('app.user', $2, true)`, [
        rig.workspaceId,
        randomUUID(),
      ])
      const forged = app.query('insert into audit_log (workspace_id, entry) values ($1, $2)', [
        rig.workspaceId,
        JSON.stringify({ action: 'session.delete', userId: randomUUID() }),
      ])
      await expect(forged).rejects.toMatchObject({ code: '42501' })
    } finally {
      await app.query('rollback')
    }
  })
})

describe('whoever owns the tables is found out', () => {
  beforeEach(async () => {
    for (let i = 0; i < 3; i++) await note()
  })

  /** Tampers in a transaction of a superuser, looks, and takes it back. */
  async function tampered(...statements: string[]) {
    const { head } = await rig.read(tx => readAudit(tx, {}))
    const seq = Number(head?.seq)
    const columns = 'workspace_id, id, entry, seq, at, prev, hash'
    const backup = `create table public.kept as select ${columns} from audit_log;
      create table public.kept_heads as select * from audit_heads`
    await rig.rows.query(backup)
    try {
      await rig.rows.query('set session_replication_role = replica')
      for (const statement of statements)
        await rig.rows.query(statement.replaceAll('$seq', String(seq)).replaceAll('$ws', `'${rig.workspaceId}'`))
      return { seq, found: await fault() }
    } finally {
      await rig.rows.query(`delete from audit_log; insert into audit_log (${columns}) select * from public.kept`)
      await rig.rows.query('delete from audit_heads; insert into audit_heads select * from public.kept_heads')
      await rig.rows.query('drop table public.kept, public.kept_heads; set session_replication_role = origin')
      expect(await fault()).toBeNull()
    }
  }

  const own = 'workspace_id = $ws'
  const place = (offset: number) => `${own} and seq = $seq - ${offset}`
  const rehashed = `hash = audit_hash(prev, workspace_id, seq, at, id, entry)`

  test.each([
    ['a changed entry', [`update audit_log set entry = entry || '{"by":"user"}' where ${place(1)}`], 'changed', 1],
    ['a changed time', [`update audit_log set at = at + interval '1 microsecond' where ${place(1)}`], 'changed', 1],
    [
      'a changed entry with a hash that fits',
      [`update audit_log set entry = '{}' where ${place(1)}`, `update audit_log set ${rehashed} where ${place(1)}`],
      'changed',
      0,
    ],
    ['a removed one', [`delete from audit_log where ${place(1)}`], 'removed', 1],
    [
      'a removed one, with the others moved up',
      [`delete from audit_log where ${place(1)}`, `update audit_log set seq = seq - 1 where ${place(0)}`],
      'changed',
      1,
    ],
    [
      'an inserted one',
      [
        `update audit_log set seq = seq + 1 where ${place(0)}`,
        `insert into audit_log (workspace_id, entry, seq, prev) select $ws, '{}', $seq, hash from audit_log where ${place(1)}`,
        `update audit_log set ${rehashed} where ${place(0)}`,
      ],
      'changed',
      -1,
    ],
    ['one without a number', [`insert into audit_log (workspace_id, entry) values ($ws, '{}')`], 'inserted', -1],
    [
      'one behind the last',
      [
        `insert into audit_log (workspace_id, entry, seq, prev) select $ws, '{}', $seq + 1, hash from audit_log where ${place(0)}`,
        `update audit_log set ${rehashed} where ${place(-1)}`,
      ],
      'inserted',
      -1,
    ],
    ['an end that was cut off', [`delete from audit_log where ${own} and seq > $seq - 2`], 'cut_off', 1],
    ['a whole log that is gone', [`delete from audit_log where ${own}`], 'cut_off', null],
  ] as const)('%s', async (_, statements, kind, offset) => {
    const { seq, found } = await tampered(...statements)
    expect(found).toEqual({ fault: kind, seq: BigInt(offset === null ? 1 : seq - offset) })
  })

  test('an end that was cut off together with the head is found by a head kept elsewhere, and by nothing else', async () => {
    const { head } = await rig.read(tx => readAudit(tx, {}))
    const anchor = {
      workspaceId: rig.workspaceId,
      seq: BigInt(head?.seq ?? 0),
      hash: Buffer.from(head?.hash ?? '', 'hex'),
    }
    expect((await verify(anchor))[0]?.fault).toBeNull()
    await rig.rows.query('begin')
    await rig.rows.query('delete from audit_log where workspace_id = $1 and seq = $2', [rig.workspaceId, head?.seq])
    await rig.rows.query(
      `update audit_heads h set seq = l.seq, hash = l.hash from audit_log l
       where h.workspace_id = $1 and l.workspace_id = $1 and l.seq = $2::bigint - 1`,
      [rig.workspaceId, head?.seq],
    )
    await rig.rows.query('commit')
    const found = async (...anchors: (typeof anchor)[]) =>
      (await verify(...anchors)).find(({ workspaceId }) => workspaceId === rig.workspaceId)?.fault
    expect(await found()).toBeNull()
    expect(await found(anchor)).toEqual({ fault: 'cut_off', seq: anchor.seq })
    await note()
    expect(await found(anchor)).toEqual({ fault: 'rewritten', seq: anchor.seq })
  })
})
