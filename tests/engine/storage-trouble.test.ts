import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBaileysEngine } from '../../src/backend/engine/baileys/baileys-engine.js'
import { createLog } from '../../src/backend/log.js'
import { EngineRig, type EngineAccount } from '../support/engine-rig.js'
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

async function damageRatchets({ identity }: EngineAccount): Promise<void> {
  await rows.query(
    `update signal_keys set value = set_byte(value, 40, get_byte(value, 40) # 1) where session_id = $1 and type = 'session'`,
    [identity.sessionId],
  )
}

/** The simulator by way of a listener that counts what the engine says. */
async function countedLine() {
  const { hostname, port, pathname } = new URL(rig.simulator.url)
  let bytes = 0
  const listener = createServer(client => {
    const server = connect(Number(port), hostname)
    client.on('data', chunk => (bytes += chunk.length))
    client.pipe(server).pipe(client)
    for (const socket of [client, server]) socket.on('error', () => {})
  })
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const url = `ws://127.0.0.1:${(listener.address() as AddressInfo).port}${pathname}`
  return { url, said: () => bytes, close: () => void listener.close() }
}

test('a ratchet that cannot be read ends the line before a word about it leaves', async () => {
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  const stranger = await rig.phone()
  await stranger.send(phone, 'hello')
  await account.hears('hello')
  await phone.waitForQuiet()
  await damageRatchets(account)
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
  expect((await account.next('closed', closed)).reason).toMatchObject({
    plane: 'local',
    kind: 'closed_by_us',
    status: null,
  })
  await phone.waitForDevice('offline')
})

test('when storage fails not a byte follows, not even a goodbye', async () => {
  const line = await countedLine()
  const phone = await rig.phone()
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  const stranger = await rig.phone()
  await stranger.send(phone, 'hello')
  await account.hears('hello')
  await phone.waitForQuiet()
  await account.close()

  const opened = account.count('open')
  const closed = account.count('closed')
  const engine = createBaileysEngine({ url: line.url, preKeys: rig.preKeys, log: createLog({ level: 'silent' }) })
  account.connect(undefined, engine)
  await account.next('open', opened)
  await phone.waitForQuiet()
  await damageRatchets(account)
  const said = line.said()
  await stranger.send(phone, 'again')
  expect((await account.next('closed', closed)).reason).toMatchObject({ plane: 'storage' })
  await phone.waitForDevice('offline')
  expect(line.said()).toBe(said)
  line.close()
})
