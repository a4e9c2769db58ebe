import { resolve } from 'node:path'
import type { LinkMode } from '../../contract/linking.js'
import type { LogLevel } from '../log.js'
import { defaultDataDir } from './data-dir.js'
import { Env, unusedSettings, withoutBlanks } from './env.js'
import { localSecret, parseSecret } from './session-secret.js'

/** Everything an operator can decide, typed. Times are in milliseconds. */
export type Config = {
  production: boolean
  host: string
  port: number
  /** A second port for WebSockets alone. */
  wsPort: number | null
  logLevel: LogLevel
  dataDir: string
  publicUrl: string | null
  /** `url` null: a PostgreSQL of our own in the data folder. */
  database: { url: string | null; appUrl: string | null }
  sessionSecret: Buffer
  /** `url` null: the real WhatsApp. Both are set together, and only for the simulator. */
  whatsapp: { url: string | null; rootKey: string | null }
  linking: {
    mode: LinkMode
    sessionIdPrefix: string
    sessionIdFormat: 'compact' | 'json'
    supportUrl: string | null
    ownerUrl: string
    brandLogo: string | null
  }
  /** Settings of the environment that mean nothing here; one start-up line names them. */
  unused: string[]
}

/** The environment cannot be started from. `problems` has one line each, without any value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'invalid_configuration'

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/**
 * @throws ConfigError naming every problem at once
 */
export function loadConfig(raw: NodeJS.ProcessEnv): Config {
  const parsed = Env.safeParse(withoutBlanks(raw))
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`))
  }
  const env = parsed.data
  const production = env.NODE_ENV === 'production'
  const problems = [...whatsappProblems(env), ...productionProblems(env)]
  if (problems.length > 0) throw new ConfigError(problems)

  const dataDir = resolve(env.DATA_DIR ?? defaultDataDir())
  const secret = parseSecret(env.WHATSAPP_SESSION_SECRET ?? localSecret(dataDir))
  if ('problem' in secret) {
    throw new ConfigError([`WHATSAPP_SESSION_SECRET ${secret.problem}. Make one with: openssl rand -hex 32`])
  }
  return {
    production,
    host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: env.PORT,
    wsPort: env.WS_PORT ?? null,
    logLevel: env.LOG_LEVEL,
    dataDir,
    publicUrl: env.PUBLIC_URL ?? null,
    database: { url: env.DATABASE_URL ?? null, appUrl: env.DATABASE_APP_URL ?? null },
    sessionSecret: secret.bytes,
    whatsapp: { url: env.WHATSAPP_URL ?? null, rootKey: env.WHATSAPP_ROOT_KEY?.toLowerCase() ?? null },
    linking: {
      mode: env.LINK_DEFAULT,
      sessionIdPrefix: env.SESSION_ID_PREFIX,
      sessionIdFormat: env.SESSION_ID_FORMAT,
      supportUrl: env.SUPPORT_URL ?? null,
      ownerUrl: env.OWNER_URL,
      brandLogo: env.BRAND_LOGO ?? null,
    },
    unused: unusedSettings(raw),
  }
}

function productionProblems(env: Env): string[] {
  if (env.NODE_ENV !== 'production') return []
  const problems: string[] = []
  if (env.WHATSAPP_SESSION_SECRET === undefined) {
    problems.push('WHATSAPP_SESSION_SECRET is not set. Make one with: openssl rand -hex 32')
  }
  if (env.PUBLIC_URL?.startsWith('http:')) problems.push('PUBLIC_URL must be https in production')
  return problems
}

/** The simulator's address is for development alone: loopback, with its own root, never in production. */
function whatsappProblems(env: Env): string[] {
  if (env.WHATSAPP_URL === undefined && env.WHATSAPP_ROOT_KEY === undefined) return []
  const problems: string[] = []
  if (env.NODE_ENV === 'production') problems.push('WHATSAPP_URL and WHATSAPP_ROOT_KEY are refused in production')
  if (env.WHATSAPP_URL === undefined || env.WHATSAPP_ROOT_KEY === undefined) {
    problems.push('WHATSAPP_URL and WHATSAPP_ROOT_KEY are set together or not at all')
  } else if (!['127.0.0.1', '[::1]', 'localhost'].includes(new URL(env.WHATSAPP_URL).hostname)) {
    problems.push('WHATSAPP_URL must be a loopback address')
  }
  return problems
}
