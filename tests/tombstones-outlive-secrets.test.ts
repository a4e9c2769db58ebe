import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHmac, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rotateSecret } from '../src/backend/key-rotation/rotate-secret.js'
import { createLog } from '../src/backend/log.js'
import { createSweepJob } from '../src/backend/privacy/sweep-job.js'
import { createTombstones, tombstoneKey } from '../src/backend/privacy/tombstones.js'
import { checkCanary } from '../src/backend/vault/canary.js'
import { refuseToDropSecret } from '../src/backend/vault/keys-left.js'
import { purposeKey } from '../src/backend/vault/purpose-key.js'
import { knownKeks, type Secrets } from '../src/backend/vault/secrets.js'
import { TenantRig } from './support/tenant-rig.js'

const number = '254712345678'
const former = { secret: randomBytes(32) }
const both = { secret: randomBytes(32), previous: former.secret }
const after: Secrets = { secret: both.secret }
const { signal } = new AbortController()

let rig: TenantRig
let dataDir: string

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-tombstones-'))
  rig = await TenantRig.open()
  await checkCanary(rig.clone.database, former)
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const tombstonesOf = async (secrets: Secrets) => createTombstones(await tombstoneKey(rig.clone.database, secrets))
const rotate = () =>
  rotateSecret({ database: rig.clone.database, tenants: rig.tenants, secrets: both, signal, onProgress: () => {} })

async function erase(secrets: Secrets): Promise<void> {
  const tombstones = await tombstonesOf(secrets)
  await rig.transact(tx => tombstones.ofContact(tx, rig.workspaceId, { numbers: [number], lids: [] }))
}

/** A message of before the erasure that comes late. @returns whether the sweep of a node with these secrets knows whose it is */
async function isKnownTo(secrets: Secrets): Promise<boolean> {
  const sessionId = await rig.session()
  await rig.rows.query(
    `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza) values ($1, $2, $3, '\\x00', $4)`,
    [
      rig.workspaceId,
      sessionId,
      randomBytes(32),
      JSON.stringify({ id: '1', from: `${number}@s.whatsapp.net`, timestamp: 1 }),
    ],
  )
  const { tenants, vault, events } = rig
  const { database } = rig.clone
  const log = createLog({ level: 'silent' })
  const tombstones = await tombstonesOf(secrets)
  await createSweepJob({ tenants, vault, events, database, tombstones, dataDir, log }).run({}, { signal })
  return (await rig.rows.query('select from inbound_journal where session_id = $1', [sessionId])).length === 0
}

test('whoever was erased is known again under every later secret, also when the former one is gone', async () => {
  await erase(former)
  expect(await isKnownTo(both)).toBe(true)
  await rotate()
  expect(await isKnownTo(both)).toBe(true)
  expect(await isKnownTo(after)).toBe(true)
  await expect(tombstonesOf(former)).rejects.toMatchObject({ code: 'wrong_key' })
  const next = { secret: randomBytes(32), previous: both.secret }
  await rotateSecret({
    database: rig.clone.database,
    tenants: rig.tenants,
    secrets: next,
    signal,
    onProgress: () => {},
  })
  expect(await isKnownTo({ secret: next.secret })).toBe(true)
})

test('hashes of versions that kept no key are those of the secret of their day', async () => {
  const subject = createHmac('sha256', purposeKey(former.secret, 'tombstones/1'))
    .update(`${rig.workspaceId}\n${number}`)
    .digest()
  await rig.rows.query(`insert into tombstones (workspace_id, subject, kind, kek_id) values ($1, $2, 'contact', $3)`, [
    rig.workspaceId,
    subject,
    knownKeks(former).own.id,
  ])
  // the first node of this version has both secrets already
  expect(await isKnownTo(both)).toBe(true)
  await rotate()
  expect(await isKnownTo(after)).toBe(true)
})

test('many nodes that start at once have one key', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => tombstoneKey(rig.clone.database, both)))
  expect(new Set(keys.map(({ key }) => key.export().toString('hex'))).size).toBe(1)
})

test('the former secret may not be dropped while it alone opens that key', async () => {
  await erase(former)
  const [{ value } = { value: '' }] = await rig.rows.query<{ value: string }>(
    `select value from meta where key = 'lasting_key tombstones/1'`,
  )
  await rotate()
  await expect(refuseToDropSecret(rig.clone.database, after)).resolves.toBeUndefined()
  // as an older version's command would leave it
  await rig.rows.query(`update meta set value = $1 where key = 'lasting_key tombstones/1'`, [value])
  await expect(refuseToDropSecret(rig.clone.database, after)).rejects.toMatchObject({
    code: 'secret_still_needed',
    message: expect.stringContaining('erased contacts'),
  })
  await rotate()
  await expect(refuseToDropSecret(rig.clone.database, after)).resolves.toBeUndefined()
})

test('the stored key opens for no other secret and no other purpose, and shows nothing', async () => {
  await erase(former)
  const [{ value } = { value: '' }] = await rig.rows.query<{ value: string }>(
    `select value from meta where key = 'lasting_key tombstones/1'`,
  )
  const { key } = await tombstoneKey(rig.clone.database, former)
  expect(value).not.toContain(key.export().toString('base64'))
  await rig.rows.query(`update meta set key = 'lasting_key other/1' where key = 'lasting_key tombstones/1'`)
  await expect(rotate()).rejects.toMatchObject({ code: 'tampered' })
})
