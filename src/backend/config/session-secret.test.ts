import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseSecret } from './session-secret.js'

const count = (from: number, step: number) => Buffer.from(Array.from({ length: 32 }, (_, i) => (from + i * step) % 256))

describe('a secret that could be guessed is refused', () => {
  test.each([
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789', /counts/],
    ['two alphabets', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', /repeats|counts/],
    ['a purpose', 'WhizLiteProductionKey1234567890abcd', /could be guessed/],
    ['words in the form of base64', 'OurVeryLongGatewayProductionPhraseForLinking2024', /words/],
    ['words with digits for letters', 'Wh1zL1t3Pr0duct10nK3y2024ForTh3G4tewayServer', /words/],
    ['a sentence', 'the quick brown fox jumps over the lazy dog and then the lazy dog wakes up', /words|repeats/],
    ['rows of keys', 'qwertyuiopasdfghjklzxcvbnmQwErTyUiOpAsDfGhJ', /repeats|words/],
    ['keys from top to bottom', 'zaq12wsxcde34rfvbgt56yhnmju78ik,.lo90p;/', /too short or too simple/],
    ['a random text that is too short', 'k#9vQz!2Lr@7Wm$4Xp^8Tn&1Yb*5Jd(3Hf', /too short or too simple/],
    ['a year over and over', 'Admin2024!Admin2024!Admin2024!Admin2024!', /repeats/],
    ['decimal digits', '31415926535897932384626433832795028841971693993751058209749445923078', /repeats/],
    ['half of it twice', randomBytes(16).toString('hex').repeat(2), /repeats/],
    ['bytes that count', count(0, 1).toString('hex'), /counts/],
    ['the same in base64', count(0, 1).toString('base64'), /counts/],
    ['bytes that count down', count(255, 255).toString('hex'), /counts/],
    ['bytes that count in sevens', count(3, 7).toString('hex'), /counts/],
    ['words encoded in hex', Buffer.from('OurVeryLongGatewayProductionPhrase!').toString('hex'), /words/],
    ['words encoded in base64', Buffer.from('OurVeryLongGatewayProductionPhrase!').toString('base64'), /words/],
  ])('%s', (_, secret, problem) => {
    expect(parseSecret(secret)).toEqual({ problem: expect.stringMatching(problem) })
  })
})

describe('a random secret is taken', () => {
  test('in hex, always: one that was made here must never be refused', () => {
    const refused = Array.from({ length: 2_000 }, () => randomBytes(32).toString('hex')).filter(
      secret => 'problem' in parseSecret(secret),
    )
    expect(refused).toEqual([])
  })

  test.each([
    ['hex', '4f1c9a7be20d53886a1ff0c3d4957be2617a0c88f3d94e5b2c60a7d913fe8b45'],
    ['hex in capitals', '4F1C9A7BE20D53886A1FF0C3D4957BE2617A0C88F3D94E5B2C60A7D913FE8B45'],
    ['base64', 'Txyae+INU4hqH/DD1JV74mF6DIjz2U5bLGCn2RP+i0U='],
    ['base64url', 'Txyae-INU4hqH_DD1JV74mF6DIjz2U5bLGCn2RP-i0U'],
    ['a long text of all kinds of signs', 'k#9vQz!2Lr@7Wm$4Xp^8Tn&1Yb*5Jd(3Hf)6Gc{0Sk}Ew|Zu~Vq:Io;Pa?R<M>x/8'],
  ])('in %s', (_, secret) => {
    expect(parseSecret(secret)).toHaveProperty('bytes')
  })
})
