import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import pg from 'pg'
import { keptCredentials } from '../../scripts/storm/checker/kept-credentials.js'
import type { History } from '../../scripts/storm/checker/history.js'
import { Random } from '../../scripts/storm/random.js'
import { installRecorder, readRecorded } from '../../scripts/storm/recording/recorder.js'
import {
  decodeCredentials,
  encodeCredentials,
  newCredentialsRecord,
  type CredentialsRecord,
} from '../../src/backend/engine/baileys/credentials.js'
import { credentialsCell } from '../../src/backend/engine/key-cells.js'
import type { KeyStore } from '../../src/backend/engine/keystore.js'
import { createKeyStore, loadKeyStore } from '../../src/backend/engine/postgres-keystore.js'
import { reopenLease } from '../../src/backend/leases/session-leases.js'
import { CleanupRig } from '../support/cleanup-rig.js'
import { cleanHistory } from './clean-history.js'

let rig: CleanupRig
let owner: pg.Pool

beforeAll(async () => {
  rig = await CleanupRig.open()
  owner = new pg.Pool({ connectionString: rig.clone.ownerUrl, max: 1 })
  await installRecorder(rig.clone.ownerUrl)
})

afterAll(async () => {
  await owner.end()
  await rig[Symbol.asyncDispose]()
})

type ASession = {
  sessionId: string
  load: () => Promise<KeyStore>
  /** Seals what a store has loaded and writes it past the store, which may know by then that it is stale. */
  writeOver: (keys: KeyStore) => Promise<unknown>
}

/** A session with credentials, and a way to open more key stores of it, as two processes would that both believe to own it. */
async function aSession(): Promise<ASession> {
  const workspaceId = await rig.workspace()
  const sessionId = await rig.session(workspaceId, 'connected')
  const { sealer, fence } = await rig.tenants.transact({ workspaceId }, async tx => ({
    sealer: await rig.vault.createSealer(tx, { workspaceId, sessionId }),
    fence: await reopenLease(tx, sessionId, '00000000-0000-4000-8000-000000000001'),
  }))
  const deps = { tenants: rig.tenants, sealer }
  const identity = { workspaceId, sessionId, fence }
  const credentials = encodeCredentials(newCredentialsRecord(randomBytes(32)))
  await createKeyStore(deps, identity, credentials).commit({ credentials })
  return {
    sessionId,
    load: () => loadKeyStore(deps, identity),
    writeOver: async ({ credentials: { bytes } }) => {
      const sealed = await rig.tenants.read({ workspaceId }, tx => sealer.seal(tx, credentialsCell(sessionId), bytes))
      return owner.query(
        'update session_credentials set credentials = $1, version = version + 1 where session_id = $2',
        [sealed, sessionId],
      )
    },
  }
}

/** Stores what a store has loaded, with these changes. */
async function store(keys: KeyStore, change: (record: CredentialsRecord) => void): Promise<void> {
  const record = decodeCredentials(keys.credentials)
  change(record)
  await keys.commit({ credentials: encodeCredentials(record) })
}

async function findings(sessionId: string, secret: Uint8Array = rig.secret) {
  const { credentials } = await readRecorded(owner, secret)
  const history: History = { ...cleanHistory(new Random(1)), credentials }
  return keptCredentials(history).filter(({ session }) => session === sessionId)
}

test.each<[counter: string, newer: (record: CredentialsRecord) => void]>([
  ['nextPreKeyId', ({ creds }) => void (creds.nextPreKeyId += 30)],
  ['firstUnuploadedPreKeyId', ({ creds }) => void (creds.firstUnuploadedPreKeyId += 30)],
  ['accountSyncCounter', ({ creds }) => void (creds.accountSyncCounter += 1)],
  ['number of used pre-keys', ({ preKeys }) => void preKeys.usedIds.push([3, 7])],
  [
    'number of processed history messages',
    ({ creds }) => void creds.processedHistoryMessages.push({ key: { id: 'A1' }, messageTimestamp: 1 }),
  ],
  ['number of current app state keys', ({ creds }) => void (creds.myAppStateKeyId = 'AAAAAA==')],
])(
  'what a stale store writes over newer credentials is seen by its %s, though its version is the newest',
  async (counter, newer) => {
    const { sessionId, load, writeOver } = await aSession()
    const [stale, current] = [await load(), await load()]
    await store(current, newer)
    expect(await findings(sessionId)).toEqual([])
    await writeOver(stale)
    expect(await findings(sessionId)).toMatchObject([
      { invariant: 'I-9 credentials', what: expect.stringMatching(`^version 3: ${counter} \\d+ after \\d+$`) },
    ])
  },
)

test.each<[what: string, change: (record: CredentialsRecord) => void]>([
  ['noise key', ({ creds }) => void Object.assign(creds, { noiseKey: creds.signedIdentityKey })],
  ['identity key', ({ creds }) => void Object.assign(creds, { signedIdentityKey: creds.noiseKey })],
  ['registration id', ({ creds }) => void Object.assign(creds, { registrationId: creds.registrationId + 1 })],
  ['seed of the pre-keys', ({ preKeys }) => void (preKeys.seed = randomBytes(32))],
  ['me', ({ creds }) => void (creds.me = { id: '254700000002:3@s.whatsapp.net' })],
])('another %s than the stored one is seen', async (what, change) => {
  const { sessionId, load } = await aSession()
  await store(await load(), ({ creds }) => void (creds.me = { id: '254700000001:3@s.whatsapp.net' }))
  expect(await findings(sessionId)).toEqual([])
  await store(await load(), change)
  expect(await findings(sessionId)).toMatchObject([{ what: `version 3: another ${what}` }])
})

test('what is no credentials is seen, and not quoted', async () => {
  const { sessionId, load } = await aSession()
  const bytes = Buffer.from('words that nobody else may read')
  await (await load()).commit({ credentials: { engine: 'baileys', bytes } })
  expect(await findings(sessionId)).toMatchObject([{ what: 'version 2 cannot be opened' }])
})

test('credentials that were sealed with another secret are seen', async () => {
  const { sessionId } = await aSession()
  expect(await findings(sessionId, randomBytes(32))).toMatchObject([{ what: 'version 1 cannot be opened' }])
})
