import { BufferJSON, proto, type SignalDataTypeMap } from '@whiskeysockets/baileys'

/** Signal types kept in the store under their Baileys name. Pre-keys are not among them: they follow from a seed. */
export type StoredKeyType = Exclude<keyof SignalDataTypeMap, 'pre-key'>

/** One Signal value as bytes to be sealed. The form is fixed per type, so that a stored value needs no marker of its own. */
export function encodeKeyValue(type: StoredKeyType, value: unknown): Uint8Array {
  switch (type) {
    case 'identity-key':
    case 'sender-key':
      return value as Uint8Array
    case 'app-state-sync-key':
      return proto.Message.AppStateSyncKeyData.encode(value as proto.Message.IAppStateSyncKeyData).finish()
    default:
      return Buffer.from(JSON.stringify(value, BufferJSON.replacer))
  }
}

export function decodeKeyValue(type: StoredKeyType, bytes: Uint8Array): unknown {
  switch (type) {
    case 'identity-key':
    case 'sender-key':
      return Buffer.from(bytes)
    case 'app-state-sync-key':
      return proto.Message.AppStateSyncKeyData.decode(bytes)
    default:
      return JSON.parse(Buffer.from(bytes).toString('utf8'), BufferJSON.reviver) as unknown
  }
}
