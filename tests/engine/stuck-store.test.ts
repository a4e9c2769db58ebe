import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WorkspaceId } from '../../src/contract/ids.js'
import type { Phone } from '../../src/simulator/index.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
import { withHands } from '../support/key-store-hands.js'
import { Rows } from '../support/rows.js'

let rig: EngineRig
let rows: Rows
/** Writes to two tenants: the one contact that both have. */
let friend: Phone
let phone: Phone
let stuck: EngineAccount
let otherPhone: Phone
let other: EngineAccount

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
  friend = await rig.phone()
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

beforeEach(async () => {
  const workspaceId = WorkspaceId.parse(randomUUID())
  await rows.query(`insert into workspaces (id, name, slug) values ($1::uuid, 'Other', 'w-' || $1::text)`, [
    workspaceId,
  ])
  phone = await rig.phone()
  otherPhone = await rig.phone()
  stuck = await rig.linked(phone)
  other = await rig.linked(otherPhone, workspaceId)
  for (const [account, owner] of [
    [stuck, phone],
    [other, otherPhone],
  ] as const) {
    await account.next('app_state_keys')
    await friend.send(owner, 'hello')
    await account.hears('hello')
    await owner.waitForQuiet()
  }
})

/** The other tenant talks with the contact, both ways. */
async function othersTalk(): Promise<void> {
  for (let nth = 0; nth < 10; nth++) {
    await friend.send(otherPhone, `in ${nth}`)
    await other.hears(`in ${nth}`)
    const { connection } = other
    expect(await connection.send(connection.buildText(friend.jid, `out ${nth}`), 20_000)).toEqual({ outcome: 'sent' })
  }
  await otherPhone.waitForQuiet()
  expect((await otherPhone.devices())[0]?.waitingMessages).toEqual([])
}

test('a read that is never answered keeps no other tenant waiting, nor the session’s own next connection', async () => {
  await stuck.close()
  await stuck.reload()
  let asked = () => {}
  const reached = new Promise<void>(resolve => (asked = resolve))
  const never = new Promise<never>(() => {})
  await stuck.open(keys =>
    withHands(keys, {
      read: (type, ids) => {
        if (type !== 'session') return keys.read(type, ids)
        asked()
        return never
      },
    }),
  )
  await friend.send(phone, 'unheard')
  await reached
  await othersTalk()
  expect(stuck.texts()).toEqual(['hello'])

  await stuck.close()
  await stuck.reload()
  await stuck.open()
  await stuck.hears('unheard')
})

test('a tenant’s database that does not answer ends that tenant’s line and no other, and then what it missed is heard', async () => {
  const { sessionId } = stuck.identity
  const closed = stuck.count('closed')
  const others = other.count('closed')
  await rows.query('begin')
  try {
    await rows.query('select from session_leases where session_id = $1 for update', [sessionId])
    const { id } = await friend.send(phone, 'unheard')
    await othersTalk()
    expect((await stuck.next('closed', closed)).reason).toMatchObject({ plane: 'storage', kind: 'storage_error' })
    expect((await phone.devices())[0]?.waitingMessages).toEqual([id])
    expect(other.count('closed')).toBe(others)
  } finally {
    await rows.query('rollback')
  }
  await stuck.reload()
  await stuck.open()
  await stuck.hears('unheard')
})
