import { ScanError } from '../errors.js'

export type QrCode = { ref: string; noiseKey: Buffer; identity: Buffer; advSecret: Buffer }

const KEY_BYTES = 32

/**
 * Reads the text of a linking QR: an address, `#`, then five comma-separated fields: ref, Noise key, identity, secret, platform.
 * @throws ScanError `qr_malformed`
 */
export function parseQrCode(text: string): QrCode {
  const fields = text.slice(text.indexOf('#') + 1).split(',')
  const [noiseKey, identity, advSecret] = fields.slice(-4, -1).map(field => Buffer.from(field, 'base64'))
  const ref = fields.slice(0, -4).join(',')
  const keys = [noiseKey, identity, advSecret]
  if (ref === '' || !noiseKey || !identity || !advSecret || keys.some(key => key?.length !== KEY_BYTES)) {
    throw new ScanError('qr_malformed', 'this is not a WhatsApp linking code')
  }
  return { ref, noiseKey, identity, advSecret }
}
