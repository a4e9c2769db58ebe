import { randomInt } from 'node:crypto'
import type { Endpoint } from '../accounts/person.js'
import type { KeyBundle } from '../accounts/pre-keys.js'
import { signalKey, type KeyPair } from '../wire/curve.js'
import type { PhoneKeys } from './phone-keys.js'
import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } from './signal-library.js'
import { NO_PRE_KEY, type SessionRecordType, type SignalStorage } from './signal-library.js'

export type Encrypted = { type: 'pkmsg' | 'msg'; body: Buffer }

/** By address; what a record looks like is libsignal's business. */
export type SavedSessions = Record<string, SavedSession>
export type SavedSession = ReturnType<SessionRecordType['serialize']>

const PRE_KEY_MESSAGE = 3
const MAX_PADDING = 16

function pad(plaintext: Uint8Array): Buffer {
  const length = randomInt(1, MAX_PADDING + 1)
  return Buffer.concat([plaintext, Buffer.alloc(length, length)])
}

function unpad(padded: Buffer): Buffer {
  const length = padded.at(-1) ?? 0
  if (length === 0 || length > padded.length) throw new Error('wrong padding')
  return padded.subarray(0, padded.length - length)
}

function pair(held: KeyPair): { pubKey: Buffer; privKey: Buffer } {
  return { pubKey: signalKey(held.publicKey), privKey: held.privateKey }
}

/**
 * The phone's Signal state: one session per person and device, whatever name a stanza called them by. Callers keep one
 * operation at a time per phone.
 */
export class SignalSessions {
  readonly #records = new Map<string, SessionRecordType>()
  readonly #storage: SignalStorage
  #fallback: ((peer: Endpoint) => SavedSession | undefined) | undefined

  /** `owner` keeps two phones' queues apart, which libsignal serialises by address for the whole process. */
  constructor(
    private readonly owner: string,
    keys: PhoneKeys,
  ) {
    this.#storage = {
      loadSession: async address => this.#records.get(address),
      storeSession: async (address, record) => void this.#records.set(address, record),
      isTrustedIdentity: () => true,
      loadPreKey: async id => {
        const held = keys.preKey(Number(id))
        return held && pair(held)
      },
      removePreKey: id => keys.dropPreKey(id),
      loadSignedPreKey: () => pair(keys.signedPreKey),
      getOurRegistrationId: () => keys.registrationId,
      getOurIdentity: () => pair(keys.identity),
    }
  }

  /** Sessions that exist without having been opened here; each is taken up when it is first needed. */
  fallBackTo(find: (peer: Endpoint) => SavedSession | undefined): void {
    const before = this.#fallback
    this.#fallback = peer => find(peer) ?? before?.(peer)
  }

  has(peer: Endpoint): boolean {
    return this.#records.get(this.#address(peer).toString())?.haveOpenSession() ?? false
  }

  /** Opens a fresh session from a bundle; an older one stays readable. */
  async begin(peer: Endpoint, bundle: KeyBundle): Promise<void> {
    const { registrationId, identity, signedPreKey, preKey } = bundle
    await new SessionBuilder(this.#storage, this.#address(peer)).initOutgoing({
      registrationId,
      identityKey: signalKey(identity),
      signedPreKey: { ...signedPreKey, publicKey: signalKey(signedPreKey.publicKey) },
      preKey: preKey ? { keyId: preKey.keyId, publicKey: signalKey(preKey.publicKey) } : NO_PRE_KEY,
    })
  }

  async encrypt(peer: Endpoint, plaintext: Uint8Array): Promise<Encrypted> {
    const { type, body } = await new SessionCipher(this.#storage, this.#address(peer)).encrypt(pad(plaintext))
    return { type: type === PRE_KEY_MESSAGE ? 'pkmsg' : 'msg', body: Buffer.from(body) }
  }

  /** @throws Error when no session fits, the key was used before, or the sender used a key this phone does not have. */
  async decrypt(peer: Endpoint, type: string | undefined, body: Buffer): Promise<Buffer> {
    const cipher = new SessionCipher(this.#storage, this.#address(peer))
    if (type === 'pkmsg') return unpad(await cipher.decryptPreKeyWhisperMessage(body))
    if (type === 'msg') return unpad(await cipher.decryptWhisperMessage(body))
    throw new Error(`cannot read an enc of type ${type ?? 'none'}`)
  }

  /** The next message opens a session anew. */
  forget(peer: Endpoint): void {
    this.#records.set(this.#address(peer).toString(), new SessionRecord())
  }

  forgetAll(): void {
    this.#fallback = undefined
    this.#records.clear()
  }

  save(): SavedSessions {
    return Object.fromEntries([...this.#records].map(([address, record]) => [address, record.serialize()]))
  }

  restore(saved: SavedSessions): void {
    for (const [address, record] of Object.entries(saved)) {
      this.#records.set(address, SessionRecord.deserialize(record))
    }
  }

  #address(peer: Endpoint): InstanceType<typeof ProtocolAddress> {
    const address = new ProtocolAddress(`${this.owner}-${peer.person.lidUser}`, peer.deviceId)
    const saved = this.#records.has(address.toString()) ? undefined : this.#fallback?.(peer)
    if (saved) this.#records.set(address.toString(), SessionRecord.deserialize(saved))
    return address
  }
}
