import type { AuthenticationCreds, proto } from '@whiskeysockets/baileys'
import { x25519PublicKey } from './derive-pre-key.js'
import { SessionIdError } from './session-id-error.js'

/**
 * Credentials without ballast, as plain data. Left out, judged by what Baileys 7.0.0-rc14 reads after a login:
 * `processedHistoryMessages` (only tells the first history chunk from later ones; grows without bound),
 * `pairingCode` (used once, while linking by code), `lastPropHash` (an empty one makes WhatsApp send all properties, which
 * a fresh process wants), `accountSettings.defaultDisappearingMode` (never read), `additionalData` (not Baileys' own),
 * and of `me` everything but id, lid and name. `accountSyncCounter` stays: at zero Baileys waits 20 s for a history.
 *
 * @throws SessionIdError `not_linked` without an account, `invalid_contents` when a public key does not belong to its
 *   private key.
 */
export function essentialCreds(creds: AuthenticationCreds): AuthenticationCreds {
  const { me, account, signedPreKey } = creds
  if (!me?.id) throw new SessionIdError('not_linked')
  return {
    noiseKey: checkedPair(creds.noiseKey),
    pairingEphemeralKeyPair: checkedPair(creds.pairingEphemeralKeyPair),
    signedIdentityKey: checkedPair(creds.signedIdentityKey),
    signedPreKey: {
      keyPair: checkedPair(signedPreKey.keyPair),
      signature: Buffer.from(signedPreKey.signature),
      keyId: signedPreKey.keyId,
      ...(signedPreKey.timestampS === undefined ? {} : { timestampS: signedPreKey.timestampS }),
    },
    registrationId: creds.registrationId,
    advSecretKey: creds.advSecretKey,
    me: { id: me.id, ...(me.lid ? { lid: me.lid } : {}), ...(me.name ? { name: me.name } : {}) },
    ...(account ? { account: plainAccount(account) } : {}),
    ...(creds.signalIdentities
      ? {
          signalIdentities: creds.signalIdentities.map(({ identifier, identifierKey }) => ({
            identifier: { name: identifier.name, deviceId: identifier.deviceId },
            identifierKey: Buffer.from(identifierKey),
          })),
        }
      : {}),
    ...(creds.myAppStateKeyId ? { myAppStateKeyId: creds.myAppStateKeyId } : {}),
    firstUnuploadedPreKeyId: creds.firstUnuploadedPreKeyId,
    nextPreKeyId: creds.nextPreKeyId,
    ...(creds.lastAccountSyncTimestamp ? { lastAccountSyncTimestamp: creds.lastAccountSyncTimestamp } : {}),
    ...(creds.platform ? { platform: creds.platform } : {}),
    processedHistoryMessages: [],
    accountSyncCounter: creds.accountSyncCounter,
    accountSettings: { unarchiveChats: creds.accountSettings.unarchiveChats },
    registered: creds.registered,
    pairingCode: undefined,
    lastPropHash: undefined,
    routingInfo: creds.routingInfo ? Buffer.from(creds.routingInfo) : undefined,
    additionalData: undefined,
  }
}

/** The signed device identity as plain bytes: Baileys holds a protobuf object, whose JSON is base64 text where bytes were. */
export function plainAccount(account: proto.IADVSignedDeviceIdentity): proto.IADVSignedDeviceIdentity {
  const plain: proto.IADVSignedDeviceIdentity = {}
  for (const field of ['details', 'accountSignatureKey', 'accountSignature', 'deviceSignature'] as const) {
    const value: Uint8Array | string | null | undefined = account[field]
    if (value?.length) plain[field] = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value)
  }
  return plain
}

function checkedPair(pair: { private: Uint8Array; public: Uint8Array }): { private: Buffer; public: Buffer } {
  if (pair.private.length !== 32 || !x25519PublicKey(pair.private).equals(pair.public))
    throw new SessionIdError('invalid_contents')
  return { private: Buffer.from(pair.private), public: Buffer.from(pair.public) }
}
