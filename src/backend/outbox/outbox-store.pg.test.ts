import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { MessageId, PersonId, SessionId, type WorkspaceId } from '../../contract/ids.js'
import { createTenants, type TenantTransactor, type Tenants } from '../database/tenant-transaction.js'
import { operatorWorkspace } from '../tenancy/operator-workspace.js'
import type { Sealer } from '../vault/sealer.js'
import { createVault, type Vault } from '../vault/vault.js'
import {
  enqueueMessage,
  eraseDelivered,
  eraseSecrets,
  hasFarewell,
  nextOpenMessage,
  noteOutcome,
  sentMessage,
  type NewMessage,
  type OutboxKind,
} from './outbox-store.js'

const own = '254700000001@s.whatsapp.net'
const lid = '183000000000001@lid'
const friend = '254700000002@s.whatsapp.net'

let clone: TestDatabase
let rows: Rows
let tenants: Tenants
let vault: Vault
let workspaceId: WorkspaceId
let sessionId: SessionId
let sealer: Sealer

beforeAll(async () => {
  clone = await openTestDatabase()
  rows = new Rows(clone.ownerUrl)
  tenants = createTenants(clone.database)
  vault = createVault({ secret: randomBytes(32) })
  workspaceId = await operatorWorkspace(clone.database, tenants)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

const transact = <Result>(work: (tx: TenantTransactor) => Promise<Result>) => tenants.transact({ workspaceId }, work)

beforeEach(async () => {
  sessionId = SessionId.parse(randomUUID())
  const personId = PersonId.parse(randomUUID())
  await rows.query('insert into people (workspace_id, id, lid) values ($1, $2, $3)', [
    workspaceId,
    personId,
    String(BigInt(`0x${randomBytes(7).toString('hex')}`)),
  ])
  await rows.query(
    `insert into sessions (workspace_id, id, person_id, mode, state, phone_number, lid)
     values ($1, $2, $3, 'managed', 'connected', '254700000001', $4)`,
    [workspaceId, sessionId, personId, lid],
  )
  sealer = await transact(tx => vault.createSealer(tx, { workspaceId, sessionId }))
})

const put = (kind: OutboxKind, waMessageId: string, to = own) => enqueue({ kind, built: built(waMessageId, to) })

const built = (waMessageId: string, to = own) => ({ to, waMessageId, proto: Buffer.from(waMessageId) })

const enqueue = (message: NewMessage) => transact(tx => enqueueMessage(tx, sealer, sessionId, message))

const next = async () => (await transact(tx => nextOpenMessage(tx, sealer, sessionId)))?.built.waMessageId ?? null

const states = () =>
  rows.query<{ id: string; state: string; erased: boolean }>(
    `select wa_message_id as id, state, proto is null as erased from outbox_messages where session_id = $1 order by position`,
    [sessionId],
  )

describe('the bytes of a sent message', () => {
  const found = async (chat: string, waMessageId: string, of = sessionId) => {
    const bytes = await transact(tx => sentMessage(tx, sealer, of, { chat, waMessageId }))
    return bytes === null ? null : Buffer.from(bytes).toString()
  }

  test('are given for its own chat, and to nobody who only knows its id', async () => {
    await put('notice', 'A', friend)
    expect(await found(friend, 'A')).toBe('A')
    for (const chat of [own, lid, '254700000003@s.whatsapp.net', '']) expect(await found(chat, 'A')).toBeNull()
    expect(await found(friend, 'B')).toBeNull()
    expect(await found(friend, 'A', SessionId.parse(randomUUID()))).toBeNull()
  })

  test('of a note to self are given under both names of the account', async () => {
    await put('notice', 'A')
    expect(await found(own, 'A')).toBe('A')
    expect(await found(lid, 'A')).toBe('A')
    expect(await found('183000000000002@lid', 'A')).toBeNull()
    expect(await found(friend, 'A')).toBeNull()
  })

  test('are gone once a secret was erased', async () => {
    await put('secret', 'A')
    expect(await found(own, 'A')).toBe('A')
    await transact(tx => eraseSecrets(tx, sessionId))
    expect(await found(own, 'A')).toBeNull()
  })
})

describe('secrets', () => {
  test('that are erased hold up nothing behind them', async () => {
    await put('secret', 'A')
    await put('notice', 'B')
    expect(await next()).toBe('A')
    await transact(tx => eraseSecrets(tx, sessionId))
    expect(await next()).toBe('B')
    expect(await states()).toEqual([
      { id: 'A', state: 'failed', erased: true },
      { id: 'B', state: 'queued', erased: false },
    ])
  })

  test('go with their verdict, or after ten minutes without one', async () => {
    const sent = await put('secret', 'sent')
    const failed = await put('secret', 'failed')
    await put('secret', 'waiting')
    await put('secret', 'old')
    await put('notice', 'notice')
    await transact(tx => noteOutcome(tx, sent, 'sent'))
    await transact(tx => noteOutcome(tx, failed, 'failed', '463'))
    await rows.query(
      `update outbox_messages set created_at = clock_timestamp() - interval '11 minutes' where session_id = $1 and wa_message_id = 'old'`,
      [sessionId],
    )
    await transact(tx => eraseDelivered(tx, sessionId))
    expect(await states()).toEqual([
      { id: 'sent', state: 'sent', erased: true },
      { id: 'failed', state: 'failed', erased: true },
      { id: 'waiting', state: 'queued', erased: false },
      { id: 'old', state: 'failed', erased: true },
      { id: 'notice', state: 'queued', erased: false },
    ])
    const codes = `select wa_message_id as id, error_code from outbox_messages where session_id = $1 and error_code is not null order by position`
    expect(await rows.query(codes, [sessionId])).toEqual([
      { id: 'failed', error_code: '463' },
      { id: 'old', error_code: 'given_up' },
    ])
  })
})

describe('what is said about a secret', () => {
  beforeEach(async () => {
    const id = await put('secret', 'A')
    await enqueue({ kind: 'notice', built: built('it came'), follows: { id, when: 'sent' } })
    await enqueue({ kind: 'notice', built: built('it did not'), follows: { id, when: 'failed' } })
    await put('notice', 'B')
  })

  const settle = async (state: 'sent' | 'failed' | 'unconfirmed') => {
    const message = await transact(tx => nextOpenMessage(tx, sealer, sessionId))
    await transact(tx => noteOutcome(tx, message?.id ?? MessageId.parse(randomUUID()), state))
  }

  const left = async () => (await states()).filter(({ state }) => state === 'queued').map(({ id }) => id)

  test.each([
    ['sent', ['it came', 'B']],
    ['failed', ['it did not', 'B']],
  ] as const)('when it was %s is that', async (verdict, said) => {
    await settle('unconfirmed')
    expect(await next()).toBe('A')
    expect(await left()).toHaveLength(3)
    await settle(verdict)
    expect(await left()).toEqual(said)
  })

  test('when it was given up is that it did not come', async () => {
    await settle('unconfirmed')
    await rows.query(
      `update outbox_messages set created_at = clock_timestamp() - interval '11 minutes' where session_id = $1 and kind = 'secret'`,
      [sessionId],
    )
    await transact(tx => eraseDelivered(tx, sessionId))
    expect(await left()).toEqual(['it did not', 'B'])
  })

  test('when its session ends is nothing', async () => {
    await transact(tx => eraseSecrets(tx, sessionId))
    expect(await left()).toEqual(['B'])
  })

  test('stays as it was when the secret goes after its verdict', async () => {
    await settle('sent')
    await transact(tx => eraseDelivered(tx, sessionId))
    await transact(tx => eraseSecrets(tx, sessionId))
    expect(await left()).toEqual(['it came', 'B'])
  })
})

test('what WhatsApp has refused is not kept, what it has sent is', async () => {
  const [sent, refused] = [await put('notice', 'A'), await put('notice', 'B')]
  await transact(tx => noteOutcome(tx, sent, 'sent'))
  await transact(tx => noteOutcome(tx, refused, 'failed', '463'))
  expect(await states()).toEqual([
    { id: 'A', state: 'sent', erased: false },
    { id: 'B', state: 'failed', erased: true },
  ])
})

test('a farewell waits until it has its verdict', async () => {
  expect(await transact(tx => hasFarewell(tx, sessionId))).toBe(false)
  const id = await put('farewell', 'A')
  expect(await transact(tx => hasFarewell(tx, sessionId))).toBe(true)
  await transact(tx => noteOutcome(tx, id, 'sent'))
  expect(await transact(tx => hasFarewell(tx, sessionId))).toBe(false)
})
