import { afterAll, beforeAll, expect, test } from 'vitest'
import { EngineRig } from '../support/engine-rig.js'
import { withHands } from '../support/key-store-hands.js'
import { Rows } from '../support/rows.js'

let rig: EngineRig
let rows: Rows

beforeAll(async () => {
  rig = await EngineRig.start()
  rows = new Rows(rig.clone.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

test('a ratchet that cannot be read ends the line before a word about it leaves', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  const stranger = await rig.phone()
  await stranger.send(phone, 'hello')
  await account.hears('hello')
  await phone.waitForQuiet()
  await rows.query(
    `update signal_keys set value = set_byte(value, 40, get_byte(value, 40) # 1) where session_id = $1 and type = 'session'`,
    [account.identity.sessionId],
  )
  const { seq = 0 } = (await rig.simulator.ledger()).at(-1) ?? {}
  const closed = account.count('closed')
  const { id } = await stranger.send(phone, 'again')
  expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'storage', kind: 'storage_damaged' })
  await phone.waitForDevice('offline')

  const said = await rig.simulator.ledger({ direction: 'in', account: phone.phoneNumber, device: 1 })
  expect(said.filter(entry => entry.seq > seq)).toEqual([])
  expect((await phone.devices())[0]?.waitingMessages).toEqual([id])
})

test('a connection is closed also when what it has to store cannot be stored', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.close()
  const closed = account.count('closed')
  let reachable = true
  const connection = await account.open(keys =>
    withHands(keys, {
      settled: () => (reachable ? keys.settled() : Promise.reject(new Error('out of reach'))),
    }),
  )
  reachable = false
  await expect(connection.close()).rejects.toThrow('out of reach')
  expect((await account.next('closed', closed)).reason).toEqual({ plane: 'local', kind: 'closed_by_us', status: null })
  await phone.waitForDevice('offline')
})
