// length: all of it is about the looks of one recovery, on one rig
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EngineRig } from '../../tests/support/engine-rig.js'
import { quickConnects, type QuickConnects } from '../../tests/support/quick-connects.js'
import { Rows } from '../../tests/support/rows.js'
import { SessionId } from '../contract/ids.js'
import { loadKeyStore } from './engine/postgres-keystore.js'
import type { Admission } from './admission/admission.js'
import { createAdmission } from './admission/create-admission.js'
import { createEventLog } from './events/event-log.js'
import { createEventWakeups } from './events/event-wakeups.js'
import { createGlances, type Glances } from './leases/glances.js'
import { attemptLines } from './linking/attempt-lines.js'
import { createLinking, type Linking } from './linking/linking.js'
import { visitorsPlan } from './linking/link-plan.js'
import { openAttempt, type OpenAttemptDeps } from './linking/open-attempt.js'
import { createLog } from './log.js'
import { createRecovery, type Recovery, type RecoveryDeps } from './recovery.js'
import type { SessionIdentity } from './sessions/session-identity.js'
import { createSessions, type Sessions } from './sessions/sessions.js'

let rig: EngineRig
let rows: Rows
let connects: QuickConnects
let nodeId: string
let sessions: Sessions
let linking: Linking
let admission: Admission
let glances: Glances
let parts: RecoveryDeps
let recovery: Recovery
let logged: string[]

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

beforeEach(async () => {
  nodeId = randomUUID()
  logged = []
  const log = createLog({ level: 'debug', destination: { write: text => void logged.push(text) } })
  const events = createEventLog({ vault: rig.vault })
  const { tenants, engine, vault, database } = rig
  // nobody listens: what runs here is asked directly
  const wakeups = createEventWakeups({ url: () => rig.clone.ownerUrl, log })
  const limits = { closed: false, perAddress: 1_000, perNode: 100, active: 100, queued: 100 }
  admission = createAdmission({ database, wakeups, nodeId, settings: limits, secret: randomBytes(32), log })
  connects = quickConnects(database, log)
  sessions = createSessions({ tenants, engine, events, log, ...connects })
  linking = createLinking({
    tenants,
    sessionTenants: tenants,
    lines: attemptLines(engine),
    vault,
    events,
    wakeups,
    sessions,
    admission,
    mayBegin: () => connects.pacer.mayBegin(),
    log,
    nodeId,
    workspaceId: () => rig.workspaceId,
    maxSessionsPerUser: 5,
    mode: 'managed',
  })
  glances = createGlances({ database, nodeId, log })
  parts = {
    database,
    tenants,
    wakeups,
    glances,
    vault,
    linking,
    sessions,
    lease: { nodeId, host: null, isSure: () => true },
    log,
  }
  recovery = createRecovery({ ...parts, strandedEveryMs: 50 })
  await rows.query(`insert into nodes (id, lease_until) values ($1, clock_timestamp() + interval '1 hour')`, [nodeId])
  glances.start()
})

afterEach(async () => {
  await glances[Symbol.asyncDispose]()
  await recovery[Symbol.asyncDispose]()
  await linking[Symbol.asyncDispose]()
  await admission[Symbol.asyncDispose]()
  await sessions[Symbol.asyncDispose]()
  await connects.pacer[Symbol.asyncDispose]()
})

/** A linked account that this node owns and does not run, as an untold claim leaves it. */
async function stranded(): Promise<SessionIdentity> {
  const account = await rig.linked(await rig.phone())
  await account.close()
  const { sessionId, workspaceId, sealer } = account.identity
  await rows.query(
    `with person as (insert into people (workspace_id, phone_number) values ($1, $3) returning id)
     insert into sessions (workspace_id, id, person_id, mode, state, phone_number) select $1, $2, id, 'managed', 'connected', $3 from person`,
    [workspaceId, sessionId, String(Math.random()).slice(2, 14)],
  )
  await rows.query(`update session_leases set node_id = $2, epoch = 7 where session_id = $1`, [sessionId, nodeId])
  return { sessionId, workspaceId, sealer, fence: { nodeId, epoch: 7n } }
}

const opening = (): OpenAttemptDeps => ({
  tenants: rig.tenants,
  vault: rig.vault,
  nodeId,
  workspaceId: () => rig.workspaceId,
  maxSessionsPerUser: 5,
})

const byQr = { plan: visitorsPlan('managed', null), queued: false }
const newVisitor = () => ({ visitorHash: randomBytes(32), isNew: true })

const count = (event: string) => logged.filter(line => line.includes(`"${event}"`)).length

/** Two looks at least have come and gone. */
async function looks(): Promise<void> {
  const sessionId = SessionId.parse(randomUUID())
  const other = { sessionId, placeId: sessionId, starter: newVisitor(), ...byQr }
  await openAttempt(opening(), other)
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'expired'`, [other.sessionId])
}

describe('what this node owns and nobody runs', () => {
  test('a session is connected again', async () => {
    await stranded()
    recovery.start()
    await expect.poll(() => sessions.connectedCount()).toBe(1)
    await looks()
    expect(count('session_taken_over')).toBe(1)
  })

  test('an attempt is ended, and its browser may start again', async () => {
    const sessionId = SessionId.parse(randomUUID())
    const input = { sessionId, placeId: sessionId, starter: newVisitor(), ...byQr }
    await openAttempt(opening(), input)
    recovery.start()
    await rows.waitFor(
      `select from link_attempts where session_id = $1 and phase = 'expired' and reason = 'node_lost'`,
      [sessionId],
    )
    expect(await rows.query(`select from data_keys where session_id = $1`, [sessionId])).toEqual([])
  })
})

test('where the key of its workspace does not open either, it is told once and tried now and then', async () => {
  await stranded()
  const [workspaceId, sessionId] = [randomUUID(), randomUUID()]
  await rows.query(`insert into workspaces (id, name, slug) values ($1, 'Damaged', 'damaged')`, [workspaceId])
  await rows.query(
    `with person as (insert into people (workspace_id, phone_number) values ($1, '254700000009') returning id),
     key as (insert into data_keys (workspace_id, session_id, wrapped, kek_id)
       select $1, of.id, wrapped, kek_id from (select wrapped, kek_id from data_keys limit 1) as k, (values ($2::uuid), (null)) as of (id))
     insert into sessions (workspace_id, id, person_id, mode, state, phone_number)
     select $1, $2, id, 'managed', 'connected', '254700000009' from person`,
    [workspaceId, sessionId],
  )
  await rows.query(`insert into session_leases (session_id, workspace_id, node_id) values ($1, $2, $3)`, [
    sessionId,
    workspaceId,
    nodeId,
  ])
  recovery.start()
  await expect.poll(() => count('session_not_taken_over'), { timeout: 20_000 }).toBe(1)
  await looks()
  await looks()
  expect(count('session_not_taken_over')).toBe(1)
  expect(count('session_needs_operator')).toBe(1)
  await expect.poll(() => sessions.connectedCount()).toBe(1)

  await rows.query(`delete from data_keys where workspace_id = $1 and session_id is null`, [workspaceId])
  const { now } = performance
  performance.now = () => now.call(performance) + 61_000
  try {
    await rows.waitFor(
      `select from sessions s join session_leases l on l.session_id = s.id
       where s.id = $1 and s.state = 'disconnected' and s.reason = 'storage_damaged' and not l.wanted`,
      [sessionId],
    )
  } finally {
    performance.now = now
  }
  expect(count('session_needs_operator')).toBe(1)
}, 60_000)

test('a session whose key does not open is shown as damaged and left to the operator, and others go on', async () => {
  const { workspaceId } = await stranded()
  const sessionId = randomUUID()
  await rows.query(
    `with person as (insert into people (workspace_id, phone_number) values ($1, $3) returning id),
     key as (insert into data_keys (workspace_id, session_id, wrapped, kek_id) select $1, $2::uuid, wrapped, kek_id from data_keys limit 1)
     insert into sessions (workspace_id, id, person_id, mode, state, phone_number) select $1, $2, id, 'managed', 'connected', $3 from person`,
    [workspaceId, sessionId, String(Math.random()).slice(2, 14)],
  )
  await rows.query(`insert into session_leases (session_id, workspace_id, node_id) values ($1, $2, $3)`, [
    sessionId,
    workspaceId,
    nodeId,
  ])
  recovery.start()
  await rows.waitFor(
    `select from sessions s join session_leases l on l.session_id = s.id
     where s.id = $1 and s.state = 'disconnected' and s.reason = 'storage_damaged' and not l.wanted`,
    [sessionId],
  )
  await expect.poll(() => sessions.connectedCount()).toBe(1)
})

describe('what is left alone', () => {
  test('an attempt that runs here, and a session that is connected', async () => {
    const identity = await stranded()
    sessions.resume(identity)
    recovery.start()
    const { answer } = await linking.link(null, { address: null, gone: new AbortController().signal })
    await looks()
    expect(count('session_taken_over')).toBe(0)
    const phases = `select phase from link_attempts where session_id = $1`
    expect(await rows.query(phases, [answer.sessionId])).toEqual([{ phase: 'scanning' }])
  })

  test('a session whose credentials are in quarantine: it is put to rest instead', async () => {
    const { sessionId } = await stranded()
    await rows.query(
      `update sessions set state = 'connecting', quarantined_at = now(), shred_at = now() + interval '1 day' where id = $1`,
      [sessionId],
    )
    recovery.start()
    await rows.waitFor(
      `select from sessions s join session_leases l on l.session_id = s.id
       where s.id = $1 and s.state = 'disconnected' and s.quarantined_at is not null and not l.wanted`,
      [sessionId],
    )
    await looks()
    expect(count('session_taken_over')).toBe(1)
    expect(count('session_not_loaded')).toBe(0)
    expect(sessions.has(sessionId)).toBe(false)
  })

  test('a session that has been put to rest', async () => {
    const { sessionId } = await stranded()
    await rows.query(`update session_leases set wanted = false where session_id = $1`, [sessionId])
    recovery.start()
    await looks()
    expect(sessions.has(sessionId)).toBe(false)
  })
})

test('between two looks behind a slow sweep there is as much time as ever', async () => {
  const { sessionId } = await stranded()
  const lookedAt: number[] = []
  const everyMs = 400
  const has: Sessions['has'] = id => {
    if (id === sessionId) lookedAt.push(performance.now())
    return sessions.has(id)
  }
  await using slow = createRecovery({ ...parts, sessions: { ...sessions, has }, strandedEveryMs: everyMs })
  await rows.query('begin')
  await rows.query('lock table nodes in access exclusive mode')
  const begin = performance.now()
  slow.start()
  await expect.poll(() => performance.now() - begin, { timeout: 10_000 }).toBeGreaterThan(3 * everyMs)
  expect(lookedAt).toEqual([])
  await rows.query('commit')
  await expect.poll(() => lookedAt.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
  expect((lookedAt[1] ?? 0) - (lookedAt[0] ?? 0)).toBeGreaterThan(everyMs / 2)
})

test('a look that came during a doubt is not the last one', async () => {
  await stranded()
  let asked = 0
  // each look and each sweep asks once or more
  const lease = { ...parts.lease, isSure: () => ++asked > 6 }
  await using doubting = createRecovery({ ...parts, lease, strandedEveryMs: 50 })
  doubting.start()
  await expect.poll(() => sessions.connectedCount(), { timeout: 20_000 }).toBe(1)
})

test('what was found before a doubt is not taken for stranded by the first look after it', async () => {
  const { sessionId } = await stranded()
  let doubts = 0
  const takenOver: number[] = []
  const has: Sessions['has'] = id => {
    if (id === sessionId && takenOver.push(count('session_taken_over')) === 1) doubts = 4
    return sessions.has(id)
  }
  const lease = { ...parts.lease, isSure: () => doubts-- <= 0 }
  const { database, log } = parts
  // what is taken for stranded is taken over well before the next look
  await using often = createGlances({ database, nodeId, log, everyMs: 10 })
  const others = { glances: often, lease, sessions: { ...sessions, has } }
  await using doubting = createRecovery({ ...parts, ...others, strandedEveryMs: 400 })
  doubting.start()
  often.start()
  await expect.poll(() => sessions.connectedCount(), { timeout: 20_000 }).toBe(1)
  expect(takenOver.slice(0, 3)).toEqual([0, 0, 0])
})

test('a node whose session another has claimed neither loads its credentials nor logs in', async () => {
  const identity = await stranded()
  const { sessionId, sealer } = identity
  await rows.query(`update session_leases set node_id = $2, epoch = epoch + 1 where session_id = $1`, [
    sessionId,
    randomUUID(),
  ])
  await expect(loadKeyStore({ tenants: rig.tenants, sealer }, identity)).rejects.toMatchObject({ code: 'fenced' })
  const before = await rig.simulator.ledger()
  sessions.resume(identity)
  await expect.poll(() => count('state_not_stored')).toBe(1)
  await expect.poll(() => sessions.has(sessionId)).toBe(false)
  expect(await rig.simulator.ledger()).toEqual(before)
})
