import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { UserId } from '../../contract/ids.js'
import { forgetEndedKeys } from '../api-keys/keys-store.js'
import { scopesOf, type Member } from '../http/actor.js'
import type { Once } from '../http/idempotency.js'
import { createLog } from '../log.js'
import { createIdempotency } from './idempotency.js'
import { forgetRequests } from './requests-store.js'

let rig: TenantRig
let member: Member
const log = createLog({ level: 'silent' })
const secret = randomBytes(32)

beforeAll(async () => {
  rig = await TenantRig.open()
  const [row] = await rig.rows.query<{ id: string }>('select id from app_users where is_default')
  const userId = UserId.parse(row?.id)
  const { workspaceId } = rig
  member = {
    kind: 'service',
    workspaceId,
    userId,
    role: 'owner',
    scopes: scopesOf('owner'),
    sessionIds: null,
    address: '',
  }
})

afterAll(() => rig[Symbol.asyncDispose]())

const idempotency = (secrets = { secret, previous: null as Buffer | null }) =>
  createIdempotency({ tenants: rig.tenants, vault: rig.vault, secrets, log })

const nobody = async (): Promise<never> => {
  throw new Error('asked again')
}

const invite = (once: Once, hash = randomBytes(32)) =>
  rig.transact(async tx => {
    await tx.db
      .insertInto('invitations')
      .values({
        workspace_id: rig.workspaceId,
        email: null,
        role: 'member',
        token_hash: hash,
        invited_by: member.userId,
        expires_at: new Date(Date.now() + 1_000),
      })
      .execute()
    await once.remember(tx, { made: hash.toString('hex') })
  })

const invitations = async (hash: Buffer) =>
  (await rig.rows.query('select from invitations where token_hash = $1', [hash])).length

test('work and its answer are stored together: a process that dies right after has answered all the same', async () => {
  const asked = { key: randomUUID(), request: 'POST /x\n{}' }
  const hash = randomBytes(32)
  const dying = idempotency().run(member, asked, async once => {
    await invite(once, hash)
    throw new Error('the process is gone')
  })
  await expect(dying).rejects.toThrow('gone')
  const again = await idempotency().run(member, asked, nobody)
  expect(again).toEqual({ answer: { made: hash.toString('hex') }, replayed: true })
  expect(await invitations(hash)).toBe(1)
})

test('a try that another has taken over does nothing any more', async () => {
  const asked = { key: randomUUID(), request: 'POST /x\n{}' }
  const hash = randomBytes(32)
  const late = idempotency().run(member, asked, async once => {
    await rig.rows.query(`update idempotent_requests set try_id = gen_random_uuid() where key = $1`, [asked.key])
    await invite(once, hash)
  })
  await expect(late).rejects.toMatchObject({ code: 'idempotency_in_flight', status: 409 })
  expect(await invitations(hash)).toBe(0)
})

test('every try of one request is told the same id, and another request another', async () => {
  const asked = { key: randomUUID(), request: 'POST /x\n{}' }
  const ids: string[] = []
  const failing = (once: Once): Promise<never> => {
    ids.push(once.id)
    throw new Error('no')
  }
  for (let i = 0; i < 3; i++) await expect(idempotency().run(member, asked, failing)).rejects.toThrow('no')
  await expect(idempotency().run(member, { ...asked, key: randomUUID() }, failing)).rejects.toThrow('no')
  expect(new Set(ids.slice(0, 3)).size).toBe(1)
  expect(new Set(ids).size).toBe(2)
})

test('an answer without a body is one', async () => {
  const asked = { key: randomUUID(), request: 'POST /x\n{}' }
  expect(await idempotency().run(member, asked, async () => undefined)).toEqual({ answer: undefined, replayed: false })
  expect(await idempotency().run(member, asked, nobody)).toEqual({ answer: undefined, replayed: true })
})

test('what was asked is stored as a keyed hash, which outlives the replacement of the secret', async () => {
  const asked = { key: randomUUID(), request: 'POST /x\n{"phoneNumber":"+254712345678"}' }
  await idempotency().run(member, asked, async () => ({ fine: true }))
  const replaced = { secret: randomBytes(32), previous: secret }
  expect(await idempotency(replaced).run(member, asked, nobody)).toMatchObject({ replayed: true })
  const stranger = { secret: randomBytes(32), previous: null }
  await expect(idempotency(stranger).run(member, asked, nobody)).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  })
})

test('answers go after a day, keys a month after their end', async () => {
  const asked = { key: randomUUID(), request: 'POST /x\n{}' }
  await idempotency().run(member, asked, async () => undefined)
  await rig.rows.query(`update idempotent_requests set created_at = now() - interval '25 hours' where key = $1`, [
    asked.key,
  ])
  const count = async () => (await rig.rows.query('select from idempotent_requests')).length
  const before = await count()
  expect(await rig.transact(tx => forgetRequests(tx, 10))).toBe(1)
  expect(await count()).toBe(before - 1)

  const key = (id: string, revoked: string | null, expires: string | null) =>
    rig.rows.query(
      `insert into api_keys (workspace_id, id, user_id, name, secret_hash, last4, scopes, revoked_at, expires_at)
       values ($1, $2, $3, 'x', '\\x00', 'abcd', '{read}', now() - $4::interval, now() - $5::interval)`,
      [rig.workspaceId, id, member.userId, revoked, expires],
    )
  await key('inforce1', null, null)
  await key('revoked1', '1 day', null)
  await key('revoked2', '31 days', null)
  await key('expired1', null, '31 days')
  await key('expired2', '40 days', '-1 day')
  expect(await rig.transact(tx => forgetEndedKeys(tx, 10))).toBe(3)
  expect((await rig.rows.query<{ id: string }>('select id from api_keys order by id')).map(({ id }) => id)).toEqual([
    'inforce1',
    'revoked1',
  ])
})
