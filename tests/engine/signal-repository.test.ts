import {
  addTransactionCapability,
  Curve,
  generateSignalPubKey,
  initAuthCreds,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys'
import { makeLibSignalRepository } from '@whiskeysockets/baileys/lib/Signal/libsignal.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthState } from '../../src/backend/engine/baileys/auth-state.js'
import { quietLogger } from '../../src/backend/engine/baileys/quiet-logger.js'
import { createSignalRepository, transactionOptions } from '../../src/backend/engine/baileys/signal-repository.js'
import { StanzaNotes } from '../../src/backend/engine/baileys/stanza-notes.js'
import type { KeyStore } from '../../src/backend/engine/keystore.js'
import { createLog } from '../../src/backend/log.js'
import { EngineRig } from '../support/engine-rig.js'
import { HeldCommit, withHands, type Change } from '../support/key-store-hands.js'

let rig: EngineRig
const log = createLog({ level: 'silent' })
const logger = quietLogger(log)

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterAll(() => rig[Symbol.asyncDispose]())

const ours = '4915100@s.whatsapp.net'
const peer = { pn: '4915111:3@s.whatsapp.net', lid: '900011:3@lid' }
const other = '900022@lid'
const group = '120363@g.us'

/** Our repository over a key store, and the transaction layer of the socket above it. */
function repositoryOver(store: KeyStore) {
  const auth = createAuthState(store)
  const socket = addTransactionCapability(auth.keys, logger, transactionOptions)
  const make = createSignalRepository({ store, auth, stanzas: new StanzaNotes(), log, emit: () => {} })
  return { repository: make({ creds: auth.creds, keys: socket }, logger), socket }
}

/** Somebody else's device as Baileys itself would keep it, in memory. */
function device() {
  const creds = initAuthCreds()
  const preKey = Curve.generateKeyPair()
  const values = new Map<string, unknown>([['pre-key/1', preKey]])
  const keys = {
    async get(type: string, ids: string[]) {
      return Object.fromEntries(ids.map(id => [id, values.get(`${type}/${id}`)]))
    },
    async set(data: Record<string, Record<string, unknown>>) {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) values.set(`${type}/${id}`, value ?? undefined)
      }
    },
  } as unknown as SignalKeyStore
  const own = addTransactionCapability(keys, logger, transactionOptions)
  const { signedPreKey, signedIdentityKey, registrationId } = creds
  const bundle = {
    registrationId,
    identityKey: Buffer.from(generateSignalPubKey(signedIdentityKey.public)),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: Buffer.from(generateSignalPubKey(signedPreKey.keyPair.public)),
      signature: signedPreKey.signature,
    },
    preKey: { keyId: 1, publicKey: Buffer.from(generateSignalPubKey(preKey.public)) },
  }
  return { repository: makeLibSignalRepository({ creds, keys: own }, logger), bundle }
}

type Repository = SignalRepositoryWithLIDStore

const encrypt = (from: Repository, jid: string, text: string) => from.encryptMessage({ jid, data: Buffer.from(text) })

async function read(by: Repository, { type, ciphertext }: { type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }) {
  return Buffer.from(await by.decryptMessage({ jid: ours, type, ciphertext })).toString()
}

test('whoever dies between the wire and the socket’s own commit goes on with the next key of the ratchet', async () => {
  const account = await rig.account()
  const before = repositoryOver(account.keys)
  const receiver = device()
  await before.repository.injectE2ESession({ jid: peer.pn, session: receiver.bundle })
  // Baileys sends from inside a transaction of the socket; this one never ends
  const first = await new Promise<Awaited<ReturnType<typeof encrypt>>>((resolve, reject) => {
    const send = async () => {
      await encrypt(before.repository, peer.pn, 'last words').then(resolve, reject)
      await new Promise(() => {})
    }
    before.socket.transaction(send, ours).catch(reject)
  })
  const second = await encrypt(repositoryOver(account.keys).repository, peer.pn, 'born again')
  expect(await read(receiver.repository, first)).toBe('last words')
  expect(await read(receiver.repository, second)).toBe('born again')
})

test('a ratchet is not moved to its LID while a step of it is being stored', async () => {
  const account = await rig.account()
  const receiver = device()
  const step = new HeldCommit(({ keys }) => keys?.has('session') === true)
  await repositoryOver(account.keys).repository.injectE2ESession({ jid: peer.pn, session: receiver.bundle })
  const { repository, socket } = repositoryOver(step.wrap(account.keys))
  await socket.set({ 'device-list': { '4915111': ['3'] } })

  const encrypting = encrypt(repository, peer.pn, 'one')
  await step.reached
  await repository.lidMapping.storeLIDPNMappings([{ pn: peer.pn, lid: peer.lid }])
  const moving = repository.migrateSession(peer.pn, peer.lid)
  // what the move would do now, it would have done by the end of these
  for (let i = 0; i < 50; i++) await account.keys.read('session', ['none'])
  step.release()
  const first = await encrypting
  expect(await moving).toMatchObject({ migrated: 1 })
  expect(await read(receiver.repository, first)).toBe('one')
  expect(await read(receiver.repository, await encrypt(repository, peer.lid, 'two'))).toBe('two')
})

test('a redelivered message is answered from the journal, under either name of its author', async () => {
  const account = await rig.account()
  const { repository } = repositoryOver(account.keys)
  const sender = device()
  await repository.injectE2ESession({ jid: peer.pn, session: sender.bundle })
  await read(sender.repository, await encrypt(repository, peer.pn, 'hello'))
  const { type, ciphertext } = await encrypt(sender.repository, ours, 'once')
  const decrypt = (by: Repository, jid: string) =>
    by.decryptMessage({ jid, type, ciphertext }).then(bytes => Buffer.from(bytes).toString())

  expect(await decrypt(repository, peer.pn)).toBe('once')
  await repository.lidMapping.storeLIDPNMappings([{ pn: peer.pn, lid: peer.lid }])
  const after = repositoryOver(account.keys).repository
  expect(await decrypt(after, peer.pn)).toBe('once')
  expect(await decrypt(after, peer.lid)).toBe('once')
  await expect(decrypt(after, other)).rejects.toThrow()
})

test('one contact who writes to several sessions at once: each plaintext is in the commit of its ratchet', async () => {
  const commits: Change[] = []
  const written = await Promise.all(
    [1, 2, 3].map(async () => {
      const { keys } = await rig.account()
      const commit = (change: Change) => {
        commits.push(change)
        return keys.commit(change)
      }
      const { repository } = repositoryOver(withHands(keys, { commit }))
      const sender = device()
      await repository.injectE2ESession({ jid: peer.pn, session: sender.bundle })
      await read(sender.repository, await encrypt(repository, peer.pn, 'hello'))
      return { repository, message: await encrypt(sender.repository, ours, 'to all') }
    }),
  )
  commits.splice(0)
  await Promise.all(
    written.map(({ repository, message: { type, ciphertext } }) =>
      repository.decryptMessage({ jid: peer.pn, type, ciphertext }),
    ),
  )
  const steps = commits.filter(({ keys }) => keys?.has('session') === true)
  expect(steps.map(({ journal }) => journal?.length)).toEqual([1, 1, 1])
})

test('a member who resends another member’s bytes is not answered with that member’s words', async () => {
  const account = await rig.account()
  const { repository } = repositoryOver(account.keys)
  const author = device().repository
  const { ciphertext: msg, senderKeyDistributionMessage } = await author.encryptGroupMessage({
    group,
    meId: peer.lid,
    data: Buffer.from('my words'),
  })
  await repository.processSenderKeyDistributionMessage({
    authorJid: peer.lid,
    item: { groupId: group, axolotlSenderKeyDistributionMessage: senderKeyDistributionMessage },
  })
  const decrypt = (authorJid: string) =>
    repository.decryptGroupMessage({ group, authorJid, msg }).then(bytes => Buffer.from(bytes).toString())

  expect(await decrypt(peer.lid)).toBe('my words')
  expect(await decrypt(peer.lid)).toBe('my words')
  await expect(decrypt(other)).rejects.toThrow()
})
