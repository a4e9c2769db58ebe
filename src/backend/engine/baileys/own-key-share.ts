import { proto, type AuthenticationCreds } from '@whiskeysockets/baileys'
import { isOwnPhone } from './watch-phone.js'

/** App-state keys by their id (base64), as Baileys' key store names them. */
export type KeyShare = Record<string, proto.Message.IAppStateSyncKeyData>

/**
 * The app-state keys that a plaintext of the account's own phone shares; `null` for anything else. Baileys stores them only after the message
 * is acknowledged, and WhatsApp shares them once: lost in between, they would be lost for good.
 * @param jid the device it came from. Anybody can send such a message; only the own phone (device 0) is believed.
 */
export function ownKeyShare(creds: AuthenticationCreds, jid: string, plaintext: Uint8Array): KeyShare | null {
  if (!isOwnPhone(creds, jid)) return null
  const shared = decodePadded(plaintext)?.protocolMessage?.appStateSyncKeyShare?.keys ?? []
  const keys: KeyShare = {}
  for (const { keyId, keyData } of shared) {
    if (keyId?.keyId && keyData) keys[Buffer.from(keyId.keyId).toString('base64')] = keyData
  }
  return Object.keys(keys).length > 0 ? keys : null
}

/** Plaintexts end in 1 to 16 bytes that each say how many they are. `null`: this is none. */
export function decodePadded(plaintext: Uint8Array): proto.Message | null {
  const padding = plaintext.at(-1) ?? 0
  try {
    return proto.Message.decode(plaintext.subarray(0, plaintext.length - padding))
  } catch {
    // Baileys will find the same and answer it
    return null
  }
}
