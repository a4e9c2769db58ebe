import { Curve } from '@whiskeysockets/baileys'
import { verifyXeddsa } from './xeddsa.js'

/** What a Signal public key may have in front. */
const typed = 33

/**
 * Baileys rc14 ignores the boolean that libsignal's `verifySignature` returns, so certificates of the Noise handshake and the
 * account signature of a new device pass unchecked. `Curve` is exported and mutable: the check is made real without touching
 * the package. Source: `lib/Utils/crypto.js` of the pinned version.
 */
export function verifyStrictly(): void {
  Curve.verify = (publicKey, message, signature) => {
    const bare = publicKey.length === typed ? publicKey.subarray(1) : publicKey
    return verifyXeddsa(bare, message, signature)
  }
}

verifyStrictly()
