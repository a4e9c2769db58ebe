import {
  addTransactionCapability,
  jidDecode,
  type SignalAuthState,
  type SignalKeyStoreWithTransaction,
  type SignalRepositoryWithLIDStore,
  type UserFacingSocketConfig,
} from '@whiskeysockets/baileys'
import { makeLibSignalRepository } from '@whiskeysockets/baileys/lib/Signal/libsignal.js'
import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'
import type { Log } from '../../log.js'
import { queuedApart } from '../../prelude/queued-in-context.js'
import type { JournalEntry, KeyStore } from '../keystore.js'
import { AddressLock } from './address-lock.js'
import { journalType, type AuthState } from './auth-state.js'
import { deviceAddress, deviceAddresses } from './device-address.js'
import { ForgeryGuard, type TellForged } from './forged-message.js'
import { journalHash, type Received } from './journal-hash.js'
import { forgetNamesAtEnd } from './name-memory.js'
import { ownKeyShare } from './own-key-share.js'
import type { StanzaNotes } from './stanza-notes.js'

type MakeSignalRepository = NonNullable<UserFacingSocketConfig['makeSignalRepository']>

export const transactionOptions = { maxCommitRetries: 2, delayBetweenTriesMs: 200 }

export type SignalRepositoryDeps = {
  store: KeyStore
  auth: AuthState
  stanzas: StanzaNotes
  log: Log
  emit: TellForged
}

let made = 0

/**
 * Baileys' Signal repository with three duties added through its public option, without a fork:
 *
 * 1. *Write-ahead ratchet.* It has a transaction context of its own, so a ratchet step is committed when the call returns, before the frame
 *    leaves. Left to the socket's context it is committed after the wire write, and a crash in between reuses a message key.
 * 2. *Decrypt journal.* The plaintext is stored in the same commit as the ratchet, and with it the app-state keys that it may bring.
 *    A ciphertext that cannot be decrypted (again) is looked up there, so a message redelivered after a cut line is
 *    still heard; Baileys alone would refuse it and lose it.
 * 3. *One lock per address* over everything that touches a ratchet, because two transaction layers work over one store.
 */
export function createSignalRepository({
  store,
  auth,
  stanzas,
  log,
  emit,
}: SignalRepositoryDeps): MakeSignalRepository {
  const name = String(++made)
  return (_socketsAuth: SignalAuthState, logger: ILogger, pnToLid) => {
    const own = addTransactionCapability(auth.keys, logger, transactionOptions)
    const repository = makeLibSignalRepository({ creds: auth.creds, keys: own }, logger, pnToLid)
    forgetNamesAtEnd(repository.lidMapping)
    const lock = new AddressLock()
    const forgeries = new ForgeryGuard(auth.creds, log, emit)
    const addresses = (jid: string) => deviceAddresses(repository.lidMapping, jid)
    const locked = async <Result>(jid: string, work: () => Promise<Result>) =>
      lock.run(await addresses(jid), () => queuedApart(name, work))

    const journalled = async (received: Received, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> => {
      const [author, ...otherNames] = await addresses(received.author)
      const stanza = stanzas.take(received.ciphertext)
      const hash = journalHash({ ...received, author })
      try {
        return await own.transaction(async () => {
          const plaintext = forgeries.check(received.author, await decrypt())
          const entry: JournalEntry = { hash, plaintext, stanza }
          const share = received.group === null ? ownKeyShare(auth.creds, received.author, plaintext) : null
          await own.set({
            [journalType]: { [hash.toString('hex')]: entry },
            ...(share && { 'app-state-sync-key': share }),
          } as Parameters<typeof own.set>[0])
          return plaintext
        }, received.group ?? received.author)
      } catch (error) {
        // stored under the PN if the LID was not known at the time
        for (const other of [author, ...otherNames]) {
          const earlier = await store.readJournal(journalHash({ ...received, author: other }))
          if (earlier !== null) return earlier
        }
        throw error
      }
    }

    const { decryptMessage, decryptGroupMessage, encryptMessage, injectE2ESession, deleteSession, migrateSession } =
      repository
    return Object.assign(repository, {
      decryptMessage: input => {
        const { jid, type, ciphertext } = input
        const received = { group: null, author: jid, type, ciphertext }
        return locked(jid, () => journalled(received, () => decryptMessage.call(repository, input)))
      },
      decryptGroupMessage: input => {
        const { group, authorJid, msg } = input
        const received = { group, author: authorJid, type: 'skmsg', ciphertext: msg }
        return journalled(received, () => decryptGroupMessage.call(repository, input))
      },
      encryptMessage: input => locked(input.jid, () => encryptMessage.call(repository, input)),
      injectE2ESession: input => locked(input.jid, () => injectE2ESession.call(repository, input)),
      deleteSession: async jids => {
        for (const jid of jids) await locked(jid, () => deleteSession.call(repository, [jid]))
      },
      // copies the ratchets of all devices of one person from the PN's addresses to the LID's
      migrateSession: async (from, to) => {
        const devices = await devicesOf(own, from)
        const both = devices.flatMap(device => [deviceAddress(from, device), deviceAddress(to, device)])
        return lock.run(both, () => migrateSession.call(repository, from, to))
      },
    } satisfies Partial<SignalRepositoryWithLIDStore>)
  }
}

/** The devices whose ratchets Baileys would move, this one included. */
async function devicesOf(keys: SignalKeyStoreWithTransaction, jid: string): Promise<number[]> {
  const decoded = jidDecode(jid)
  if (decoded === undefined) return []
  const { [decoded.user]: listed = [] } = await keys.get('device-list', [decoded.user])
  return [...new Set([decoded.device ?? 0, ...listed.map(Number)])]
}
