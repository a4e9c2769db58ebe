/**
 * Values that look like secrets and are none: their file, why they may stay, and, unless the whole file is made of them, a part of the
 * value's line. An entry that nothing needs any more is reported.
 *
 * @type {{ file: string, part?: string, reason: string }[]}
 */
export const knownValues = [
  {
    file: 'src/backend/config/session-secret.test.ts',
    reason: 'examples of guessable and of random-looking secrets, which seal nothing',
  },
  {
    file: 'src/backend/config/session-secret.ts',
    part: '429683C4C977415C',
    reason: 'a default key of another product, listed there to be refused',
  },
  { file: 'src/session/seeded-pre-keys.test.ts', reason: 'public keys derived from a seed that counts up' },
  { file: 'src/simulator/wire/node-codec.test.ts', reason: 'stanzas in bytes, without a key in them' },
  { file: 'src/simulator/wire/noise.test.ts', reason: 'published test vectors of the handshake' },
]
