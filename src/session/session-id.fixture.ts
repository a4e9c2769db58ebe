import { randomBytes } from 'node:crypto'
import { initAuthCreds, proto, type AuthenticationCreds } from '@whiskeysockets/baileys'
import type { SessionSource } from './session-contents.js'

/** Credentials as they are shortly after a login, with the protobuf objects and ballast Baileys leaves in them. */
export function linkedCreds(): AuthenticationCreds {
  const account = proto.ADVSignedDeviceIdentity.create({
    details: randomBytes(18),
    accountSignatureKey: randomBytes(32),
    accountSignature: randomBytes(64),
    deviceSignature: randomBytes(64),
  })
  return {
    ...initAuthCreds(),
    me: { id: '254700000001:7@s.whatsapp.net', lid: '183000000000001:7@lid', name: 'Wanjirũ 🌍', notify: 'ballast' },
    account: proto.ADVSignedDeviceIdentity.decode(proto.ADVSignedDeviceIdentity.encode(account).finish()),
    signalIdentities: [
      {
        identifier: { name: '183000000000001:7@lid', deviceId: 0 },
        identifierKey: Buffer.concat([Buffer.of(5), account.accountSignatureKey ?? Buffer.alloc(0)]),
      },
    ],
    myAppStateKeyId: Buffer.from('000000001a2b', 'hex').toString('base64'),
    firstUnuploadedPreKeyId: 813,
    nextPreKeyId: 1630,
    lastAccountSyncTimestamp: 1_790_000_000,
    platform: 'android',
    processedHistoryMessages: [{ key: { id: 'ABC', remoteJid: 'x' }, messageTimestamp: 1 }],
    accountSyncCounter: 1,
    routingInfo: Buffer.from([8, 2, 8, 5]),
    lastPropHash: 'abcdef',
    pairingCode: '12345678',
  }
}

/** An app-state sync key as Baileys takes it out of a key share: a protobuf object with a 64-bit timestamp. */
export function appStateKey(): proto.Message.IAppStateSyncKeyData {
  const key = proto.Message.AppStateSyncKeyData.create({
    keyData: randomBytes(32),
    fingerprint: { rawId: 2_882_400_001, currentIndex: 1, deviceIndexes: [0, 1] },
    timestamp: 1_790_000_000_123,
  })
  return proto.Message.AppStateSyncKeyData.decode(proto.Message.AppStateSyncKeyData.encode(key).finish())
}

export function linkedSource(keys = 2): SessionSource {
  const creds = linkedCreds()
  const ids = Array.from({ length: keys }, () => randomBytes(6).toString('base64'))
  return {
    creds: { ...creds, ...(ids[0] ? { myAppStateKeyId: ids[0] } : {}) },
    appStateSyncKeys: Object.fromEntries(ids.map(id => [id, appStateKey()])),
    lidMapping: null,
    preKeys: { seed: randomBytes(32), usedIds: [1, 2, 3, 9] },
  }
}
