import type { Env } from './env.js'
import { isSameSecret, parseSecret } from './session-secret.js'

type Given = Pick<Env, 'NODE_ENV' | 'WHATSAPP_JWT_SECRET' | 'WHATSAPP_SESSION_SECRET' | 'WHATSAPP_SERVICE_TOKEN'>

/**
 * What is wrong with the secret that people's sign-ins are made with, in words for an operator; `null`: nothing. Whoever learns another
 * secret must not be able to sign, so it is a value of its own.
 */
export function jwtSecretProblem(env: Given): string | null {
  const weakness = weaknessOf(env)
  return weakness === null ? null : `WHATSAPP_JWT_SECRET ${weakness}. Make one with: openssl rand -hex 32`
}

function weaknessOf(env: Given): string | null {
  const { NODE_ENV, WHATSAPP_JWT_SECRET: secret, WHATSAPP_SESSION_SECRET: session, WHATSAPP_SERVICE_TOKEN: token } = env
  if (secret === undefined) return NODE_ENV === 'production' ? 'is not set' : null
  const parsed = parseSecret(secret)
  if ('problem' in parsed) return parsed.problem
  if (isSameSecret(parsed.bytes, session)) return 'is the same as WHATSAPP_SESSION_SECRET'
  return isSameSecret(parsed.bytes, token) ? 'is the same as WHATSAPP_SERVICE_TOKEN' : null
}
