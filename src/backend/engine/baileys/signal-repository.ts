import {
  addTransactionCapability,
  jidDecode,
  type SignalAuthState,
  type SignalRepositoryWithLIDStore,
  type UserFacingSocketConfig,
} from '@whiskeysockets/baileys'
import { makeLibSignalRepository } from '@whiskeysockets/baileys/lib/Signal/libsignal.js'
import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'
import type { JournalEntry, KeyStore } from '../keystore.js'
import { AddressLock } from './address-lock.js'
import { journalType, type AuthState } from './auth-state.js'
import { journalHash } from './journal-hash.js'
import { ownKeyShare } from './own-key-share.js'
import type { StanzaNotes } from './stanza-notes.js'

type MakeSignalRepository = NonNullable<UserFacingSocketConfig['makeSignalRepository']>

export const transactionOptions = { maxCommitRetries: 2, delayBetweenTriesMs: 200 }

export type SignalRepositoryDeps = { store: KeyStore; auth: AuthState; stanzas: StanzaNotes }

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
export function createSignalRepository({ store, auth, stanzas }: SignalRepositoryDeps): MakeSignalRepository {
  return (_socketsAuth: SignalAuthState, logger: ILogger, pnToLid) => {
    const own = addTransactionCapability(auth.keys, logger, transactionOptions)
    const repository = makeLibSignalRepository({ creds: auth.creds, keys: own }, logger, pnToLid)
    const lock = new AddressLock()
    const locked = async <Result>(jid: string, work: () => Promise<Result>) =>
      lock.run(await canonicalAddress(repository, jid), work)

    const journalled = async (from: string, hash: Buffer, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> => {
      try {
        return await own.transaction(async () => {
          const plaintext = await decrypt()
          const entry: JournalEntry = { hash, plaintext, stanza: stanzas.take(hash) }
          const share = ownKeyShare(auth.creds, from, plaintext)
          await own.set({
            [journalType]: { [hash.toString('hex')]: entry },
            ...(share && { 'app-state-sync-key': share }),
          } as Parameters<typeof own.set>[0])
          return plaintext
        }, from)
      } catch (error) {
        const earlier = await store.readJournal(hash)
        if (earlier !== null) return earlier
        throw error
      }
    }

    const { decryptMessage, decryptGroupMessage, encryptMessage, injectE2ESession, deleteSession } = repository
    return Object.assign(repository, {
      decryptMessage: input =>
        locked(input.jid, () =>
          journalled(input.jid, journalHash(input.ciphertext), () => decryptMessage.call(repository, input)),
        ),
      decryptGroupMessage: input =>
        journalled(input.group, journalHash(input.msg), () => decryptGroupMessage.call(repository, input)),
      encryptMessage: input => locked(input.jid, () => encryptMessage.call(repository, input)),
      injectE2ESession: input => locked(input.jid, () => injectE2ESession.call(repository, input)),
      deleteSession: async jids => {
        for (const jid of jids) await locked(jid, () => deleteSession.call(repository, [jid]))
      },
    } satisfies Partial<SignalRepositoryWithLIDStore>)
  }
}

/** LID user and device: PN and LID name the same ratchet. */
async function canonicalAddress(repository: SignalRepositoryWithLIDStore, jid: string): Promise<string> {
  const decoded = jidDecode(jid)
  if (decoded?.server !== 's.whatsapp.net') return `${decoded?.user}.${decoded?.device ?? 0}`
  const lid = await repository.lidMapping.getLIDForPN(jid).catch(() => null)
  return `${(lid === null ? decoded : jidDecode(lid))?.user}.${decoded.device ?? 0}`
}
