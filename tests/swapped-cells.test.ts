import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WorkspaceId } from '../src/contract/ids.js'
import { loadKeyStore } from '../src/backend/engine/postgres-keystore.js'
import { reopenLease } from '../src/backend/leases/session-leases.js'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import type { Phone } from '../src/simulator/index.js'
import { SessionRig } from './support/session-rig.js'

type Tenant = { identity: SessionIdentity; phone: Phone }

/** As pino writes an error. */
const pinoError = 50

let rig: SessionRig
let running: Tenant
let stopped: Tenant
let friend: Phone
/** Who was told which text. */
let heard: [string, string][] = []

beforeAll(async () => {
  rig = await SessionRig.start()
  rig.hooks({
    onMessage: async ({ sessionId }, { content }) =>
      void (content.kind === 'text' && heard.push([sessionId, content.text])),
  })
})

beforeEach(async () => {
  heard = []
  friend = await rig.rig.phone()
  running = await tenant()
  stopped = await tenant()
  for (const { identity, phone } of [running, stopped]) {
    rig.sessions.resume(identity)
    await rig.becomes(identity, ['connected', null])
    await friend.send(phone, 'hello')
    await expect.poll(() => heard).toContainEqual([identity.sessionId, 'hello'])
    await phone.waitForQuiet()
  }
  await rig.sessions.rest(stopped.identity.sessionId)
  rig.forget()
})

afterAll(() => rig[Symbol.asyncDispose]())

/** A linked account in a workspace of its own. */
async function tenant(): Promise<Tenant> {
  const workspaceId = WorkspaceId.parse(randomUUID())
  await rig.rows.query(`insert into workspaces (id, name, slug) values ($1, 'A tenant', $2)`, [
    workspaceId,
    `t-${workspaceId}`,
  ])
  return rig.linked(undefined, workspaceId)
}

const swaps = {
  credentials: `update session_credentials mine set credentials = other.credentials from session_credentials other
    where (mine.session_id, other.session_id) in (($1, $2), ($2, $1))`,
  'the ratchets of a chat': `update signal_keys mine set value = other.value from signal_keys other
    where (mine.session_id, other.session_id) in (($1, $2), ($2, $1))
      and mine.type = 'session' and other.type = mine.type and other.id = mine.id`,
}

/** What was sealed of both and may be swapped, as it lies there. */
async function cells(): Promise<unknown> {
  return rig.rows.query(
    `select session_id, 'credentials' as id, version, md5(credentials) from session_credentials where session_id = any ($1)
     union all select session_id, id, 0, md5(value) from signal_keys where session_id = any ($1) and type = 'session'
     order by 1, 2`,
    [[running, stopped].map(({ identity }) => identity.sessionId)],
  )
}

/** What somebody does who wants it connected again. */
async function connectAgain({ identity }: Tenant): Promise<void> {
  const fence = await rig.rig.tenants.transact(identity, tx =>
    reopenLease(tx, identity.sessionId, identity.fence.nodeId),
  )
  rig.sessions.resume({ ...identity, fence })
}

const parked = ({ identity }: Tenant) => rig.becomes(identity, ['disconnected', 'storage_damaged'])

test.each([
  ['credentials', 'a stranger’s first words, which use up a key'],
  ['the ratchets of a chat', 'a message in that chat'],
] as const)(
  'two tenants’ %s swapped: whoever needs them stops at %s, writes nothing over the other’s, and goes on once they are back',
  async (what, text) => {
    const ids = [running.identity.sessionId, stopped.identity.sessionId]
    const sender = what === 'credentials' ? await rig.rig.phone() : friend
    await rig.rows.query(swaps[what], ids)
    const swapped = await cells()

    await sender.send(running.phone, text)
    await parked(running)
    await friend.send(stopped.phone, 'to the one that was stopped')
    rig.sessions.resume(stopped.identity)
    await parked(stopped)

    expect(await cells()).toEqual(swapped)
    expect(heard.filter(([, said]) => said !== 'hello')).toEqual([])
    const alarms = rig.logLines.filter(line => line.includes('"event":"session_needs_operator"'))
    expect(alarms).toHaveLength(2)
    for (const [index, line] of alarms.entries())
      expect(JSON.parse(line)).toMatchObject({ level: pinoError, sessionId: ids[index], code: 'storage_damaged' })
    for (const { identity } of [running, stopped]) {
      expect(await rig.shown(identity)).toMatchObject({ wanted: false })
      expect(rig.sessions.has(identity.sessionId)).toBe(false)
      expect(await rig.stored(identity)).toEqual({ credentials: true, quarantined: false })
    }

    await rig.rows.query(swaps[what], ids)
    for (const each of [running, stopped]) {
      await connectAgain(each)
      await rig.becomes(each.identity, ['connected', null])
    }
    const [first = '', second = ''] = ids
    await expect.poll(() => heard).toContainEqual([first, text])
    await expect.poll(() => heard).toContainEqual([second, 'to the one that was stopped'])
    expect(heard).toHaveLength(4)
    // the devices are the ones from the beginning
    for (const { identity, phone } of [running, stopped]) {
      expect(await phone.devices()).toHaveLength(1)
      await phone.waitForQuiet()
      expect((await phone.devices())[0]?.waitingMessages).toEqual([])
      await rig.sessions.rest(identity.sessionId)
    }
  },
  90_000,
)

test('what is written or deleted without a look spares what another session’s key has sealed, and knows the older keys of its own', async () => {
  await rig.sessions.rest(running.identity.sessionId)
  const { identity } = stopped
  const { tenants, vault } = rig.rig
  const ids = [running.identity.sessionId, identity.sessionId]
  const [cell] = await rig.rows.query<{ id: string }>(
    `select id from signal_keys where session_id = $1 and type = 'session' and id in
       (select id from signal_keys where session_id = $2 and type = 'session')`,
    ids,
  )
  const store = (sealer = identity.sealer) => loadKeyStore({ tenants, sealer }, identity)
  const change = (value: Uint8Array | null) => ({ keys: new Map([['session', new Map([[cell?.id ?? '', value]])]]) })

  await rig.rows.query(swaps['the ratchets of a chat'], ids)
  const swapped = await cells()
  await expect((await store()).commit(change(Buffer.from('new')))).rejects.toMatchObject({ code: 'storage_damaged' })
  await (await store()).commit(change(null))
  expect(await cells()).toEqual(swapped)

  await rig.rows.query(swaps['the ratchets of a chat'], ids)
  const newer = await tenants.transact(identity, tx => vault.createSealer(tx, identity))
  expect(newer.keyId).not.toBe(identity.sealer.keyId)
  const sealer = await tenants.read(identity, tx => vault.sealer(tx, identity))
  const keys = await store(sealer)
  await keys.commit(change(Buffer.from('new')))
  expect((await keys.read('session', [cell?.id ?? ''])).get(cell?.id ?? '')).toEqual(Buffer.from('new'))
  await keys.commit(change(null))
  expect(await keys.read('session', [cell?.id ?? ''])).toEqual(new Map())
})
