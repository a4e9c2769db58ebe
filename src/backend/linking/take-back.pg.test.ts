import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SessionRig } from '../../../tests/support/session-rig.js'
import { UserId, type SessionIdString } from '../../contract/ids.js'
import { TakenSession } from '../../contract/sessions.js'
import { encodeSessionId } from '../../session/index.js'
import { loadKeyStore } from '../engine/postgres-keystore.js'
import { createEventLog } from '../events/event-log.js'
import { scopesOf, type Member } from '../http/actor.js'
import { createIdempotency } from '../idempotency/idempotency.js'
import { nobodysId } from '../leases/session-leases.js'
import { createLog } from '../log.js'
import { enqueueMessage } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { createTakeBack, type TakeBack } from './take-back.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

const takenBy = (nodeId: string, takesSessions = () => true, maxSessionsPerUser = 5): TakeBack => {
  const { tenants, engine, vault } = rig.rig
  return createTakeBack({
    tenants,
    engine,
    vault,
    events: createEventLog({ vault }),
    sessions: rig.sessions,
    nodeId,
    takesSessions,
    sessionIdPrefix: 'WHIZ',
    maxSessionsPerUser,
    log: createLog({ level: 'silent' }),
  })
}

test('a node that is about to stop takes a session back for others, and runs nothing itself', async () => {
  const { identity } = await rig.linked()
  const { sessionId, workspaceId } = identity
  let takesSessions = false
  const { takeBack } = takenBy(identity.fence.nodeId, () => takesSessions)
  const withBot = () => rig.rows.query(`update sessions set state = 'handed_off' where id = $1`, [sessionId])
  const owner = () => rig.rows.query(`select node_id, wanted, released_at is not null as released from session_leases`)

  await withBot()
  const taken = await takeBack({ workspaceId, sessionId, source: 'stored', botStopped: true })
  expect(taken).toEqual({ sessionId, state: 'connecting' })
  expect(rig.sessions.has(sessionId)).toBe(false)
  expect(await owner()).toEqual([{ node_id: nobodysId, wanted: true, released: true }])

  takesSessions = true
  await withBot()
  await takeBack({ workspaceId, sessionId, source: 'stored', botStopped: true })
  await rig.becomes(identity, ['connected', null])
  expect(await owner()).toEqual([{ node_id: identity.fence.nodeId, wanted: true, released: false }])
}, 60_000)

type Held = { state: string; reason: string | null; deleted: boolean; quarantined: boolean; wanted: boolean }

const held = async (sessionId: string): Promise<Held | undefined> => {
  const [row] = await rig.rows.query<Held>(
    `select s.state, s.reason, s.deleted_at is not null as deleted, s.quarantined_at is not null as quarantined, l.wanted
     from sessions s join session_leases l on l.session_id = s.id where s.id = $1`,
    [sessionId],
  )
  return row
}

/** As `DELETE` leaves a session that is not here. */
const remove = ({ sessionId }: SessionIdentity, state: string, reason: string) =>
  rig.rows.query(
    `with lease as (update session_leases set wanted = false, epoch = epoch + 1 where session_id = $1)
     update sessions set state = $2, reason = $3, deleted_at = now(), quarantined_at = now(), shred_at = now() + interval '3 days'
     where id = $1`,
    [sessionId, state, reason],
  )

/** What the device of a session would be given to a bot as. */
async function stringOf(identity: SessionIdentity): Promise<SessionIdString> {
  const { tenants, engine } = rig.rig
  const keys = await loadKeyStore({ tenants, sealer: identity.sealer }, identity)
  return encodeSessionId(engine.portableSource(keys.credentials, new Map()), { prefix: 'WHIZ', format: 'json' })
}

test.each([
  ['handed_off', 'given_away'],
  ['superseded', 'linked_again'],
  ['disconnected', 'replaced'],
])('one that was deleted as %s, %s, is not there any more', async (state, reason) => {
  const { identity } = await rig.linked()
  const { sessionId, workspaceId, fence } = identity
  await remove(identity, state, reason)
  const before = await held(sessionId)
  const taken = takenBy(fence.nodeId).takeBack({ workspaceId, sessionId, source: 'stored', botStopped: true })
  await expect(taken).rejects.toMatchObject({ code: 'session_not_found' })
  expect(await held(sessionId)).toEqual(before)
  expect(before).toMatchObject({ deleted: true, quarantined: true, wanted: false })
  expect(rig.sessions.has(sessionId)).toBe(false)
})

test('its string makes a new session, and the deleted one stays deleted', async () => {
  const { identity } = await rig.linked()
  const { workspaceId, fence } = identity
  const string = await stringOf(identity)
  await remove(identity, 'handed_off', 'given_away')
  const takeBack = takenBy(fence.nodeId)
  const { sessionId } = await takeBack.importSession({ workspaceId, source: string, botStopped: true })
  expect(sessionId).not.toBe(identity.sessionId)
  await rig.becomes({ sessionId }, ['connected', null])
  expect(await held(identity.sessionId)).toMatchObject({ deleted: true, quarantined: true, wanted: false })
  // from here on it is the new one that is known
  await expect(takeBack.importSession({ workspaceId, source: string, botStopped: true })).rejects.toMatchObject({
    code: 'session_state',
  })
  await rig.sessions.rest(sessionId)
}, 60_000)

test('an import is done once when a process dies between doing it and answering', async () => {
  const { identity } = await rig.linked()
  const { workspaceId, fence } = identity
  const string = await stringOf(identity)
  await remove(identity, 'handed_off', 'given_away')
  const { tenants, vault } = rig.rig
  const [{ id } = { id: '' }] = await rig.rows.query<{ id: string }>('select id from app_users where is_default')
  const scopes = scopesOf('owner')
  const by: Member = {
    kind: 'service',
    workspaceId,
    userId: UserId.parse(id),
    role: 'owner',
    scopes,
    sessionIds: null,
    address: '',
  }
  const idempotency = createIdempotency({
    tenants,
    vault,
    secrets: { secret: randomBytes(32), previous: null },
    log: createLog({ level: 'silent' }),
  })
  const asked = { key: 'import', request: 'POST /x' }
  const dying = idempotency.run(by, asked, async once => {
    await takenBy(fence.nodeId).importSession({ workspaceId, source: string, botStopped: true, once })
    throw new Error('the process is gone')
  })
  await expect(dying).rejects.toThrow('gone')
  const told = await idempotency.run(by, asked, () => Promise.reject(new Error('asked again')))
  const { sessionId } = TakenSession.parse(told.answer)
  expect(told).toEqual({ answer: { sessionId, state: 'connecting' }, replayed: true })
  await rig.becomes({ sessionId }, ['connected', null])
  await rig.sessions.rest(sessionId)
}, 60_000)

test('a log-out that could not be done is not done once the session is taken back', async () => {
  const { identity, phone } = await rig.linked()
  const { sessionId, workspaceId, sealer, fence } = identity
  await rig.rows.query(`update sessions set state = 'disconnected', reason = 'replaced' where id = $1`, [sessionId])
  const { tenants, engine } = rig.rig
  const { phoneNumber } = phone
  const built = engine.buildText({ phoneNumber, to: phone.jid, text: 'goodbye' })
  await tenants.transact({ workspaceId }, tx => enqueueMessage(tx, sealer, sessionId, { kind: 'farewell', built }))
  await takenBy(fence.nodeId).takeBack({ workspaceId, sessionId, source: 'stored', botStopped: true })
  await rig.becomes(identity, ['connected', null])
  expect(await rig.rows.query(`select from outbox_messages where session_id = $1`, [sessionId])).toEqual([])
  await rig.sessions.rest(sessionId)
}, 60_000)

describe('of members', () => {
  const join = async (workspaceId: string): Promise<string> => {
    const [row] = await rig.rows.query<{ id: string }>(
      `insert into app_users (workspace_id, name) values ($1, 'M') returning id`,
      [workspaceId],
    )
    return row?.id ?? ''
  }
  const handOff = (sessionId: string, ownerId: string, visibility = 'private') =>
    rig.rows.query(`update sessions set state = 'handed_off', owner_id = $2, visibility = $3 where id = $1`, [
      sessionId,
      ownerId,
      visibility,
    ])
  const ownerOf = async (sessionId: string) =>
    (await rig.rows.query<{ owner: string }>('select owner_id as owner from sessions where id = $1', [sessionId]))[0]
      ?.owner

  test('only the owner takes a session back', async () => {
    const { identity } = await rig.linked()
    const { sessionId, workspaceId, fence } = identity
    const [ann, bob] = [await join(workspaceId), await join(workspaceId)]
    const { takeBack } = takenBy(fence.nodeId)
    const takes = (userId: string) => takeBack({ workspaceId, userId, sessionId, source: 'stored', botStopped: true })

    await handOff(sessionId, ann)
    await expect(takes(bob)).rejects.toMatchObject({ code: 'session_not_found' })
    await handOff(sessionId, ann, 'workspace')
    await expect(takes(bob)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await held(sessionId)).toMatchObject({ state: 'handed_off' })
    expect(await takes(ann)).toEqual({ sessionId, state: 'connecting' })
    await rig.becomes(identity, ['connected', null])
    await rig.sessions.rest(sessionId)
  }, 60_000)

  test('a string makes a session of whoever has it, and leaves the other member’s their own', async () => {
    const { identity } = await rig.linked()
    const { sessionId, workspaceId, fence } = identity
    const [ann, bob] = [await join(workspaceId), await join(workspaceId)]
    const string = await stringOf(identity)
    await handOff(sessionId, ann)
    const imports = (userId: string, most: number) =>
      takenBy(fence.nodeId, () => true, most).importSession({ workspaceId, userId, source: string, botStopped: true })

    const taken = await imports(bob, 1)
    expect(taken.sessionId).not.toBe(sessionId)
    expect([await ownerOf(taken.sessionId), await ownerOf(sessionId)]).toEqual([bob, ann])
    expect(await held(sessionId)).toMatchObject({ state: 'superseded', reason: 'linked_again' })
    await rig.becomes(taken, ['connected', null])
    await rig.sessions.rest(taken.sessionId)
  }, 60_000)

  test('a string counts as a session more', async () => {
    const { identity } = await rig.linked()
    const { sessionId, workspaceId, fence } = identity
    const [ann, bob] = [await join(workspaceId), await join(workspaceId)]
    const string = await stringOf(identity)
    await handOff(sessionId, ann)
    const other = await rig.linked()
    await handOff(other.identity.sessionId, bob)
    const importing = takenBy(fence.nodeId, () => true, 1).importSession({
      workspaceId,
      userId: bob,
      source: string,
      botStopped: true,
    })
    await expect(importing).rejects.toMatchObject({ code: 'session_limit', status: 409 })
    expect(await held(sessionId)).toMatchObject({ state: 'handed_off' })
  }, 60_000)
})
