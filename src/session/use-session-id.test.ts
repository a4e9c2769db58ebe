import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  addTransactionCapability,
  BufferJSON,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  getNextPreKeys,
  initAuthCreds,
  type AuthenticationState,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeSessionId } from './decode-session-id.js'
import { derivePreKey } from './derive-pre-key.js'
import { encodeSessionId } from './encode-session-id.js'
import { essentialCreds } from './essential-creds.js'
import { memoryKeys } from './memory-keys.js'
import { linkedCreds, linkedSource } from './session-id.fixture.js'
import { useSessionId } from './use-session-id.js'

const failing = (code: string): unknown => expect.objectContaining({ name: 'SessionIdError', code })
const logger = pino({ level: 'silent' })
const peerJid = '254711111111@s.whatsapp.net'
const ownJid = '254700000001@s.whatsapp.net'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'session-id-'))
})
afterEach(() => rm(folder, { recursive: true }))

const source = linkedSource()
const seed = Buffer.from(source.preKeys?.seed ?? [])
const text = encodeSessionId(source)
const keyId = Object.keys(source.appStateSyncKeys)[0] ?? ''

/** What Baileys' socket builds around an auth state to encrypt and decrypt. */
function signalOf({ creds, keys }: AuthenticationState): SignalRepositoryWithLIDStore {
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 1 }
  const auth = { creds, keys: addTransactionCapability(keys, logger, options) }
  return DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger)
}

/** A contact who got our key bundle with one-time pre-key `id` from WhatsApp. */
async function contactWith(id: number, { creds }: AuthenticationState): Promise<SignalRepositoryWithLIDStore> {
  const contact = signalOf({ creds: initAuthCreds(), keys: memoryKeys({}, undefined, () => Promise.resolve()).store })
  await contact.injectE2ESession({
    jid: ownJid,
    session: {
      registrationId: creds.registrationId,
      identityKey: generateSignalPubKey(creds.signedIdentityKey.public),
      signedPreKey: {
        keyId: creds.signedPreKey.keyId,
        publicKey: generateSignalPubKey(creds.signedPreKey.keyPair.public),
        signature: creds.signedPreKey.signature,
      },
      preKey: { keyId: id, publicKey: generateSignalPubKey(derivePreKey(seed, id).public) },
    },
  })
  return contact
}

async function passOn(words: string, from: SignalRepositoryWithLIDStore, to: AuthenticationState): Promise<string> {
  const { type, ciphertext } = await from.encryptMessage({ jid: ownJid, data: Buffer.from(words) })
  const plaintext = await signalOf(to).decryptMessage({ jid: peerJid, type, ciphertext: Buffer.from(ciphertext) })
  return `${type} ${Buffer.from(plaintext).toString()}`
}

describe('useSessionId in memory', () => {
  test('gives Baileys the credentials, app-state keys and own LID mapping', async () => {
    const { state, saveCreds } = await useSessionId(text)
    expect({ ...state.creds }).toEqual(essentialCreds(source.creds))
    expect(await state.keys.get('app-state-sync-key', [keyId, 'none'])).toEqual({
      [keyId]: expect.objectContaining({ keyData: Buffer.from(source.appStateSyncKeys[keyId]?.keyData ?? []) }),
    })
    expect(await state.keys.get('lid-mapping', ['254700000001', '183000000000001_reverse'])).toEqual({
      254700000001: '183000000000001',
      '183000000000001_reverse': '254700000001',
    })
    await saveCreds()
    expect(await readdir(folder)).toEqual([])
  })

  test('reads the first message of a new contact with a pre-key the server uploaded, once', async () => {
    const { state } = await useSessionId(text)
    const contact = await contactWith(20, state)
    expect(await passOn('hello', contact, state)).toBe('pkmsg hello')
    expect(await state.keys.get('pre-key', ['20', '21'])).toEqual({ 21: derivePreKey(seed, 21) })
    const latecomer = await contactWith(20, state)
    await expect(passOn('replayed', latecomer, state)).rejects.toThrow('Invalid PreKey ID')
  })

  test('tops up from the seed behind what was uploaded', async () => {
    const { state } = await useSessionId(text)
    const options = { maxCommitRetries: 1, delayBetweenTriesMs: 1 }
    const auth = { creds: state.creds, keys: addTransactionCapability(state.keys, logger, options) }
    for (const [first, count] of [
      [813, 5],
      [818, 812],
      [1630, 812],
    ] as const) {
      const { update, preKeys } = await getNextPreKeys(auth, count)
      Object.assign(state.creds, update)
      expect(Object.keys(preKeys).map(Number)).toEqual(Array.from({ length: count }, (_, i) => first + i))
      expect(preKeys[first]).toEqual(derivePreKey(seed, first))
    }
  })

  test('keeps every type of key, deletes on null, and refuses foreign pre-keys before anything is written', async () => {
    const { state } = await useSessionId(text)
    await state.keys.set({ 'device-list': { '1': ['0'] }, tctoken: { a: { token: Buffer.of(1) } } })
    await state.keys.set({ tctoken: { a: null } })
    expect(await state.keys.get('device-list', ['1'])).toEqual({ '1': ['0'] })
    expect(await state.keys.get('tctoken', ['a'])).toEqual({})
    const foreign = state.keys.set({ 'device-list': { '1': null }, 'pre-key': { 30: Curve.generateKeyPair() } })
    await expect(foreign).rejects.toMatchObject({ code: 'foreign_key' })
    expect(await state.keys.get('device-list', ['1'])).toEqual({ '1': ['0'] })
  })

  test('gives the session back as a string of what is true now', async () => {
    const { state, sessionId } = await useSessionId(text)
    expect(await passOn('hello', await contactWith(20, state), state)).toBe('pkmsg hello')
    state.creds.accountSyncCounter = 7
    const now = decodeSessionId(await sessionId())
    expect(now.preKeys).toEqual({ seed, usedIds: [[1, 3], 9, 20] })
    expect(now.creds).toMatchObject({ accountSyncCounter: 7, signedIdentityKey: source.creds.signedIdentityKey })
    expect(now.appStateSyncKeys).toEqual(decodeSessionId(text).appStateSyncKeys)
    const other = await useSessionId(encodeSessionId(source, { prefix: 'OTHER_' }), { prefix: 'OTHER_' })
    expect(await other.sessionId()).toMatch(/^OTHER_/)
  })

  test('refuses a damaged string', async () => {
    await expect(useSessionId(text.slice(0, -1))).rejects.toThrow(failing('corrupt'))
    await expect(useSessionId(text, { prefix: 'OTHER_' })).rejects.toThrow(failing('wrong_prefix'))
  })
})

describe('useSessionId with a file', () => {
  test('goes on where it stopped: sessions, used pre-keys, credentials', async () => {
    const file = path.join(folder, 'state.json')
    const before = await useSessionId(text, { file })
    const contact = await contactWith(20, before.state)
    expect(await passOn('one', contact, before.state)).toBe('pkmsg one')
    before.state.creds.accountSyncCounter = 9
    before.state.creds.firstUnuploadedPreKeyId = 830
    await before.saveCreds()

    const after = await useSessionId(text, { file })
    expect(await passOn('two', contact, after.state)).toBe('pkmsg two')
    expect(after.state.creds).toMatchObject({ accountSyncCounter: 9, firstUnuploadedPreKeyId: 830, nextPreKeyId: 1647 })
    expect(await after.state.keys.get('pre-key', ['20', '829'])).toEqual({ 829: derivePreKey(seed, 829) })
    expect({ ...after.state.creds }).toEqual({ ...before.state.creds })
  })

  test('writes for its owner only, and leaves no drafts', async () => {
    const file = path.join(folder, 'state.json')
    const { state } = await useSessionId(text, { file })
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => state.keys.set({ 'identity-key': { [`${i}`]: randomBytes(33) } })),
    )
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['state.json'])
    const again = await useSessionId(text, { file })
    const ids = Array.from({ length: 50 }, (_, i) => `${i}`)
    expect(await again.state.keys.get('identity-key', ids)).toEqual(await state.keys.get('identity-key', ids))
  })

  test('starts anew for another link of the same account', async () => {
    const file = path.join(folder, 'state.json')
    const old = await useSessionId(text, { file })
    await old.state.keys.set({ 'device-list': { '1': ['0'] } })
    const relinked = await useSessionId(encodeSessionId(linkedSource()), { file })
    expect(await relinked.state.keys.get('device-list', ['1'])).toEqual({})
    expect(relinked.state.creds.noiseKey).not.toEqual(old.state.creds.noiseKey)
  })

  test.each([
    ['garbage', 'xyz'],
    ['nothing', ''],
    ['other JSON', '{"version":1,"keys":{}}'],
    ['half a state', undefined],
  ])('refuses a file with %s and leaves it alone', async (_, content) => {
    const file = path.join(folder, 'state.json')
    await useSessionId(text, { file })
    const whole = await readFile(file, 'utf8')
    const damaged = content ?? whole.slice(0, whole.length / 2)
    await writeFile(file, damaged)
    await expect(useSessionId(text, { file })).rejects.toThrow(failing('unreadable_state_file'))
    expect(await readFile(file, 'utf8')).toBe(damaged)
  })

  test('says so at once when the place cannot be written', async () => {
    await expect(useSessionId(text, { file: path.join(folder, 'none', 'state.json') })).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })
})

describe('useSessionId with a plain form', () => {
  const plain = `WHIZLITE_${JSON.stringify(linkedCreds(), BufferJSON.replacer)}`

  test('lets Baileys make and keep its own pre-keys, with ids of its own in every run', async () => {
    const file = path.join(folder, 'state.json')
    const { state, saveCreds } = await useSessionId(plain, { file })
    const first = state.creds.nextPreKeyId
    expect(first).toBeGreaterThanOrEqual(1630)
    const { update, preKeys } = await getNextPreKeys(state, 5)
    Object.assign(state.creds, update)
    await saveCreds()
    expect(Object.keys(preKeys).map(Number)).toEqual([0, 1, 2, 3, 4].map(i => first + i))

    const restarted = await useSessionId(plain, { file })
    expect(restarted.state.creds.nextPreKeyId).toBe(first + 5)
    expect(await restarted.state.keys.get('pre-key', Object.keys(preKeys))).toEqual(preKeys)
    const elsewhere = await useSessionId(plain)
    expect(elsewhere.state.creds.nextPreKeyId).not.toBe(first)
  })
})
