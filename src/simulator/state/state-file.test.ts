import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linkClient, RawClient } from '../raw-client.fixture.js'
import { startSimulator } from '../simulator.js'
import { createRootKey } from '../wire/certificates.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'whizlite-simulator-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('a simulator started again knows its accounts, devices, sessions, queues and bubbles', async () => {
  const options = { stateFile: path.join(folder, 'state.json'), rootKey: createRootKey() }
  const before = await startSimulator(options)
  const ada = await before.phone('49151000041', { name: 'Ada' })
  const ben = await before.phone('49151000042', { name: 'Ben' })
  const client = await linkClient(before, ada)
  await ben.send(ada, 'before')
  await client.text('before')
  await client.sock.sendMessage(ben.jid, { text: 'answer' })
  await ben.waitForMessage({ text: 'answer' })
  await ada.waitForQuiet()
  await client.close()
  await ada.waitForDevice('offline')
  await ben.send(ada, 'queued')
  await before.stop()
  expect((await stat(options.stateFile)).mode & 0o777).toBe(0o600)

  const after = await startSimulator(options)
  const adaAgain = await after.phone('49151000041')
  const benAgain = await after.phone('49151000042')
  expect(adaAgain).toMatchObject({ name: 'Ada', lid: ada.lid })
  expect((await benAgain.messages()).map(({ text }) => text)).toEqual(['before', 'answer', 'queued'])
  const back = await new RawClient(after, client.account).open()
  await back.text('queued')
  await back.sock.sendMessage(benAgain.jid, { text: 'in the old session' })
  await benAgain.waitForMessage({ text: 'in the old session' })
  await benAgain.send(adaAgain, 'and back')
  await back.text('and back')
  expect(await after.ledger({ type: 'retry' })).toEqual([])
  await after.assertClean()
  await back.close()
  await after.stop()
})

test('a state file of another version is refused', async () => {
  const stateFile = path.join(folder, 'state.json')
  await writeFile(stateFile, JSON.stringify({ version: 99, people: [] }))
  await expect(startSimulator({ stateFile })).rejects.toThrow(/version 99/)
})
