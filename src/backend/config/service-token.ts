import { localSecret } from './local-secret.js'
import { isSameSecret, parseSecret } from './session-secret.js'

/** What an `Authorization: Bearer` header can carry (RFC 6750, 2.1). */
const carried = /^[A-Za-z0-9._~+/-]+=*$/

/**
 * What is wrong with a service token, in words for an operator that never repeat it; `null` when it may be used. Whoever has it may do
 * everything, so it must be as random as the secret that seals the database, and another one: it travels, that one never does.
 */
export function serviceTokenProblem(token: string, sessionSecret: string | undefined): string | null {
  const parsed = parseSecret(token)
  if ('problem' in parsed) return parsed.problem
  if (!carried.test(token)) return 'has signs that an Authorization header cannot carry'
  return isSameSecret(parsed.bytes, sessionSecret) ? 'is the same as WHATSAPP_SESSION_SECRET' : null
}

/** The token of a local installation. `null` where the data folder may not be written: nothing else needs it when the rest is given. */
export function localServiceToken(dataDir: string): string | null {
  try {
    return localSecret(dataDir, 'service-token').trim()
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
