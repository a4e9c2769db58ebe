import type { Env } from './env.js'
import { isSameSecret, parseSecret } from './session-secret.js'

type Given = Pick<Env, 'WHATSAPP_SESSION_SECRET' | 'WHATSAPP_SESSION_SECRET_PREVIOUS'>

/**
 * What is wrong with the secret before the present one, in words for an operator that never repeat it; `null` when there is none, too. It was
 * taken once, so only what says that it is another value than it was is a problem.
 */
export function previousSecretProblem(given: Given): string | null {
  const { WHATSAPP_SESSION_SECRET: own, WHATSAPP_SESSION_SECRET_PREVIOUS: previous } = given
  if (previous === undefined) return null
  const name = 'WHATSAPP_SESSION_SECRET_PREVIOUS'
  if (own === undefined) return `${name} is set, and WHATSAPP_SESSION_SECRET is not`
  const bytes = previousSecret(given)
  if (bytes === null)
    return `${name} is no secret that was ever taken. Set it to the value that WHATSAPP_SESSION_SECRET had`
  if (!isSameSecret(bytes, own)) return null
  return `${name} is the same as WHATSAPP_SESSION_SECRET. Leave it out, or set the latter to a new one`
}

export function previousSecret({ WHATSAPP_SESSION_SECRET_PREVIOUS: previous }: Given): Buffer | null {
  const parsed = previous === undefined ? null : parseSecret(previous)
  return parsed !== null && 'bytes' in parsed ? parsed.bytes : null
}
