import { ConfigError } from './config/config.js'
import { GatewayError } from './errors.js'

/** Words for an operator whose start failed: one line per problem and what to do, never a stack. */
export function startUpProblem(error: unknown): string {
  if (error instanceof ConfigError) return lines(error.problems)
  if (error instanceof GatewayError) return lines([error.message, error.action])
  if (!(error instanceof Error)) return lines(['The gateway could not start.'])
  const { code, action } = error as { code?: unknown; action?: unknown }
  if (code === 'EADDRINUSE')
    return lines(['The port is taken by another program.', 'Set PORT to a free one, or stop the other program.'])
  if (code === 'wrong_key') {
    return lines([
      'WHATSAPP_SESSION_SECRET is not the one this database was sealed with. Nothing was changed.',
      'Start with the secret that was used before. Without it the stored sessions cannot be opened.',
      'To change it, set the former one as WHATSAPP_SESSION_SECRET_PREVIOUS beside it, and follow docs/operations.md.',
    ])
  }
  return lines([error.message, action])
}

function lines(parts: readonly unknown[]): string {
  return parts
    .filter(part => typeof part === 'string' && part !== '')
    .map(part => `${String(part)}\n`)
    .join('')
}
