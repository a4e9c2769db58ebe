import type { AuthenticationCreds, proto } from '@whiskeysockets/baileys'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { PRE_KEY_SEED_LENGTH, x25519PublicKey, type PreKeyPair } from './derive-pre-key.js'
import type { SessionContents, SessionSource } from './session-contents.js'
import { readUsedIds, writeUsedIds } from './used-id-ranges.js'

/**
 * Fields of version 1, in order and without names. A change of order, type or number of fields is a new version. Public
 * keys are not written: they follow from the private ones.
 */
export function writeLayout(w: ByteWriter, { creds, appStateSyncKeys, lidMapping, preKeys }: SessionSource): void {
  writeCreds(w, creds)
  w.list(Object.entries(appStateSyncKeys), ([id, key]) => {
    w.base64(id)
    writeAppStateKey(w, key)
  })
  w.optional(lidMapping, mapping => {
    w.text(mapping.pn)
    w.text(mapping.lid)
  })
  w.optional(preKeys, ({ seed, usedIds }) => {
    w.fixed(seed, PRE_KEY_SEED_LENGTH)
    writeUsedIds(w, usedIds)
  })
}

export function readLayout(r: ByteReader): Omit<SessionContents, 'account'> {
  const creds = readCreds(r)
  const appStateSyncKeys = Object.fromEntries(r.list(() => [r.base64(), readAppStateKey(r)] as const))
  const lidMapping = r.optional(() => ({ pn: r.text(), lid: r.text() })) ?? null
  const preKeys = r.optional(() => ({ seed: r.fixed(PRE_KEY_SEED_LENGTH), usedIds: readUsedIds(r) })) ?? null
  return { creds, appStateSyncKeys, lidMapping, preKeys }
}

function writeCreds(w: ByteWriter, creds: AuthenticationCreds): void {
  w.fixed(creds.noiseKey.private, 32)
  w.fixed(creds.pairingEphemeralKeyPair.private, 32)
  w.fixed(creds.signedIdentityKey.private, 32)
  w.fixed(creds.signedPreKey.keyPair.private, 32)
  w.bytes(creds.signedPreKey.signature)
  w.uint(creds.signedPreKey.keyId)
  w.optional(creds.signedPreKey.timestampS, value => w.uint(value))
  w.uint(creds.registrationId)
  w.base64(creds.advSecretKey)
  w.optional(creds.me, me => {
    w.text(me.id)
    w.optional(me.lid, lid => w.text(lid))
    w.optional(me.name, name => w.text(name))
  })
  w.optional(creds.account, account => {
    w.optional(account.details, value => w.bytes(value))
    w.optional(account.accountSignatureKey, value => w.bytes(value))
    w.optional(account.accountSignature, value => w.bytes(value))
    w.optional(account.deviceSignature, value => w.bytes(value))
  })
  w.optional(creds.signalIdentities, identities =>
    w.list(identities, ({ identifier, identifierKey }) => {
      w.text(identifier.name)
      w.uint(identifier.deviceId)
      w.bytes(identifierKey)
    }),
  )
  w.optional(creds.myAppStateKeyId, id => w.base64(id))
  w.uint(creds.firstUnuploadedPreKeyId)
  w.uint(creds.nextPreKeyId)
  w.optional(creds.lastAccountSyncTimestamp, value => w.uint(value))
  w.optional(creds.platform, value => w.text(value))
  w.uint(creds.accountSyncCounter)
  w.flag(creds.accountSettings.unarchiveChats)
  w.flag(creds.registered)
  w.optional(creds.routingInfo, value => w.bytes(value))
}

function readCreds(r: ByteReader): AuthenticationCreds {
  return {
    noiseKey: readPair(r),
    pairingEphemeralKeyPair: readPair(r),
    signedIdentityKey: readPair(r),
    signedPreKey: {
      keyPair: readPair(r),
      signature: r.bytes(),
      keyId: r.uint(),
      ...named(
        'timestampS',
        r.optional(() => r.uint()),
      ),
    },
    registrationId: r.uint(),
    advSecretKey: r.base64(),
    ...named(
      'me',
      r.optional(() => readMe(r)),
    ),
    ...named(
      'account',
      r.optional(() => readAccount(r)),
    ),
    ...named(
      'signalIdentities',
      r.optional(() => r.list(() => readIdentity(r))),
    ),
    ...named(
      'myAppStateKeyId',
      r.optional(() => r.base64()),
    ),
    firstUnuploadedPreKeyId: r.uint(),
    nextPreKeyId: r.uint(),
    ...named(
      'lastAccountSyncTimestamp',
      r.optional(() => r.uint()),
    ),
    ...named(
      'platform',
      r.optional(() => r.text()),
    ),
    processedHistoryMessages: [],
    accountSyncCounter: r.uint(),
    accountSettings: { unarchiveChats: r.flag() },
    registered: r.flag(),
    pairingCode: undefined,
    lastPropHash: undefined,
    routingInfo: r.optional(() => r.bytes()),
    additionalData: undefined,
  }
}

function readPair(r: ByteReader): PreKeyPair {
  const secret = r.fixed(32)
  return { private: secret, public: x25519PublicKey(secret) }
}

function readMe(r: ByteReader): NonNullable<AuthenticationCreds['me']> {
  return {
    id: r.text(),
    ...named(
      'lid',
      r.optional(() => r.text()),
    ),
    ...named(
      'name',
      r.optional(() => r.text()),
    ),
  }
}

function readAccount(r: ByteReader): proto.IADVSignedDeviceIdentity {
  return {
    ...named(
      'details',
      r.optional(() => r.bytes()),
    ),
    ...named(
      'accountSignatureKey',
      r.optional(() => r.bytes()),
    ),
    ...named(
      'accountSignature',
      r.optional(() => r.bytes()),
    ),
    ...named(
      'deviceSignature',
      r.optional(() => r.bytes()),
    ),
  }
}

function readIdentity(r: ByteReader): { identifier: { name: string; deviceId: number }; identifierKey: Buffer } {
  return { identifier: { name: r.text(), deviceId: r.uint() }, identifierKey: r.bytes() }
}

function writeAppStateKey(w: ByteWriter, key: proto.Message.IAppStateSyncKeyData): void {
  w.optional(key.keyData, value => w.bytes(value))
  w.optional(key.fingerprint, ({ rawId, currentIndex, deviceIndexes }) => {
    w.optional(rawId, value => w.uint(value))
    w.optional(currentIndex, value => w.uint(value))
    w.list(deviceIndexes ?? [], value => w.uint(value))
  })
  w.optional(key.timestamp, value => w.uint(Number(value)))
}

function readAppStateKey(r: ByteReader): proto.Message.IAppStateSyncKeyData {
  return {
    ...named(
      'keyData',
      r.optional(() => r.bytes()),
    ),
    ...named(
      'fingerprint',
      r.optional(() => readFingerprint(r)),
    ),
    ...named(
      'timestamp',
      r.optional(() => r.uint()),
    ),
  }
}

function readFingerprint(r: ByteReader): proto.Message.IAppStateSyncKeyFingerprint {
  return {
    ...named(
      'rawId',
      r.optional(() => r.uint()),
    ),
    ...named(
      'currentIndex',
      r.optional(() => r.uint()),
    ),
    deviceIndexes: r.list(() => r.uint()),
  }
}

/** A field that is absent rather than undefined. */
function named<K extends string, T>(name: K, value: T | undefined): { [key in K]?: T } {
  const field: { [key in K]?: T } = {}
  if (value !== undefined) field[name] = value
  return field
}
