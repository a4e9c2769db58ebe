import { expect, test } from 'vitest'
import { createSubjects } from '../src/backend/admission/subjects.js'
import { createRefreshTokens, readRefreshToken } from '../src/backend/identity/refresh-tokens.js'
import { keyEncryptionKey } from '../src/backend/vault/key-encryption-key.js'

const secret = Buffer.alloc(32, 'a secret of the labels test')

test('what was made with a key of the deployment secret is found again by every later version', () => {
  expect(keyEncryptionKey(secret).id).toBe('83624e4c7fe9d3e5')
  expect(createSubjects(secret).ofNetwork('192.0.2.7').toString('hex')).toMatch(/^ae08128a5d885920/)
  const token = readRefreshToken(`whiz_refresh_${'A'.repeat(43)}`)
  if (token === null) throw new Error('no token')
  expect(createRefreshTokens({ secret }).next(token)).toMatch(/^whiz_refresh_hiyE5Nl_couL/)
})
