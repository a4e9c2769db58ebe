import { WA_CERT_DETAILS } from '@whiskeysockets/baileys'

/**
 * Trusts another Noise root than WhatsApp's: the simulator's. Process-wide, so one simulator root a process.
 * @param publicKey 64 hex characters
 */
export function trustRoot(publicKey: string): void {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(publicKey, 'hex')
}
