import { Curve, generateSignalPubKey } from '@whiskeysockets/baileys'
import * as libsignal from 'libsignal'

type CurveFunctions = {
  curve: { verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean }
}
// the package's own types leave this export out
const { curve } = libsignal as unknown as CurveFunctions

/**
 * Baileys rc14 ignores the boolean that libsignal's `verifySignature` returns, so certificates of the Noise handshake and the
 * account signature of a new device pass unchecked. `Curve` is exported and mutable: the check is made real without touching
 * the package. Source: `lib/Utils/crypto.js` of the pinned version.
 */
export function verifyStrictly(): void {
  Curve.verify = (publicKey, message, signature) => {
    try {
      return curve.verifySignature(generateSignalPubKey(publicKey), message, signature)
    } catch {
      // libsignal throws for malformed input, such as a signature that is not 64 bytes: not genuine either
      return false
    }
  }
}

verifyStrictly()
