import type { proto } from '@whiskeysockets/baileys'

/**
 * An app-state sync key as plain data. Baileys stores a protobuf object whose JSON form turns bytes into text and whose
 * timestamp may be a 64-bit object; this keeps bytes as bytes and the timestamp (milliseconds) as a number.
 */
export function plainAppStateKey(key: proto.Message.IAppStateSyncKeyData): proto.Message.IAppStateSyncKeyData {
  const { keyData, fingerprint, timestamp } = key
  const plain: proto.Message.IAppStateSyncKeyData = {}
  if (keyData?.length) plain.keyData = Buffer.from(keyData)
  if (fingerprint) {
    const { rawId, currentIndex, deviceIndexes } = fingerprint
    plain.fingerprint = { deviceIndexes: [...(deviceIndexes ?? [])] }
    if (typeof rawId === 'number') plain.fingerprint.rawId = rawId
    if (typeof currentIndex === 'number') plain.fingerprint.currentIndex = currentIndex
  }
  if (timestamp !== null && timestamp !== undefined) plain.timestamp = Number(timestamp.toString())
  return plain
}
