/**
 * A QR's text with another advSecret: comma-separated fields after the `#`, the secret the last but one (ref, Noise key, identity key,
 * secret, platform). Source: `lib/Utils/companion-reg-client-utils.js`.
 */
export function withSecret(qr: string, secret: string): string {
  const fields = qr.split(',')
  return fields.with(fields.length - 2, secret).join(',')
}
