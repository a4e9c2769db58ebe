import { resolve } from 'node:path'
import type { LinkMode } from '../../contract/linking.js'
import type { LogLevel } from '../log.js'
import { dataDirProblems } from './data-dir-access.js'
import { defaultDataDir } from './data-dir.js'
import { engineVersionProblems } from './engine-version.js'
import { Env, unusedSettings, withoutBlanks } from './env.js'
import { jwtSecretProblem } from './jwt-secret.js'
import { localSecret } from './local-secret.js'
import { previousSecret, previousSecretProblem } from './previous-secret.js'
import { productionProblems } from './production-problems.js'
import { localServiceToken, serviceTokenProblem } from './service-token.js'
import { parseSecret } from './session-secret.js'

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
  /** Whose pages may use the API besides our own, as browsers write origins. */
  frontendOrigins: string[]
  /** `url` null: a PostgreSQL of our own in the data folder. */
  database: { url: string | null; appUrl: string | null }
  sessionSecret: Buffer
  /** The one before, while it is being replaced. */
  previousSecret: Buffer | null
  /** What access and refresh tokens of people are made with; the same on all nodes. */
  jwtSecret: Buffer
  /** What another service, or the command line, proves itself with; null: no such calls. */
  serviceToken: string | null
  /** `url` null: the real WhatsApp. Both are set together, and only for the simulator. */
  whatsapp: { url: string | null; rootKey: string | null; version: ClientVersion | null }
  /** How long a session may be connecting or reconnecting before it is shown as disconnected. */
  sessionTimeoutMs: number
  /** Of each member but the default user of a workspace. */
  maxSessionsPerUser: number
  /** How fast sessions connect. */
  connects: ConnectSettings
  linking: {
    mode: LinkMode
    sessionIdPrefix: string
    sessionIdFormat: 'compact' | 'json'
    supportUrl: string | null
    ownerUrl: string
    brandLogo: string | null
  }
  /** Of this process, as long as there is no other of that name; null: none. */
  nodeName: string | null
  /** What this process does. Health and metrics are told in every role. */
  roles: { api: boolean; sessions: boolean; jobs: boolean }
  /** Who may read the metrics without the service token, in the forms of `proxy-addr`. */
  metricsFrom: string[]
  /** Proxies in front whose word on a visitor's address is believed, in the forms of `proxy-addr`. */
  trustProxy: string[]
  limits: {
    /** No visitor may begin to link. */
    closed: boolean
    /** Link starts an hour from one address. */
    perAddress: number
    requestsPerMinute: number
    socketsPerAddress: number
    /** Attempts under way on one node, on all, and in the queue. */
    perNode: number
    active: number
    queued: number
  }
  /** How often members may ask: with one key or login, and from one address. */
  api: { perMember: RequestRate; perAddress: RequestRate }
  /** Settings of the environment that mean nothing here; one start-up line names them. */
  unused: string[]
}

/** Requests in a second, and at once after a quiet time. */
export type RequestRate = { perSecond: number; burst: number }

/** What this server says it is, as WhatsApp Web numbers itself. */
export type ClientVersion = [number, number, number]

export type ConnectSettings = {
  /** Connects of this node in a second, and at once after a quiet time. */
  perSecond: number
  burst: number
  /** Connects in a second of all nodes that leave by the same address, and the name of that address. */
  perSecondTotal: number
  egress: string
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
  const { env, malformed } = readEnv(withoutBlanks(raw))
  const production = env.NODE_ENV === 'production'
  const dataDir = resolve(env.DATA_DIR ?? defaultDataDir())
  const others = [...whatsappProblems(env), ...productionProblems(env), ...secretProblems(env)]
  const problems = [
    ...malformed.values(),
    // what follows from a value that could not be read is no problem of its own
    ...others.filter(problem => ![...malformed.keys()].some(name => problem.includes(name))),
    ...dataDirProblems(dataDir, production),
    ...engineVersionProblems(),
  ]
  if (problems.length > 0) throw new ConfigError(problems)

  const { LINK_MAX_PER_ADDRESS: perAddress } = env
  const secret = parseSecret(env.WHATSAPP_SESSION_SECRET ?? localSecret(dataDir, 'session-secret'))
  if ('problem' in secret) throw new ConfigError([secretProblem(secret.problem)])
  const jwtSecret = parseSecret(env.WHATSAPP_JWT_SECRET ?? localSecret(dataDir, 'jwt-secret'))
  if ('problem' in jwtSecret) throw new ConfigError([`WHATSAPP_JWT_SECRET ${jwtSecret.problem}`])
  return {
    production,
    host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: env.PORT,
    wsPort: env.WS_PORT ?? null,
    logLevel: env.LOG_LEVEL,
    dataDir,
    publicUrl: env.PUBLIC_URL ?? null,
    frontendOrigins: env.FRONTEND_URL,
    database: { url: env.DATABASE_URL ?? null, appUrl: env.DATABASE_APP_URL ?? null },
    sessionSecret: secret.bytes,
    previousSecret: previousSecret(env),
    jwtSecret: jwtSecret.bytes,
    serviceToken: env.WHATSAPP_SERVICE_TOKEN ?? (production ? null : localServiceToken(dataDir)),
    whatsapp: {
      url: env.WHATSAPP_URL ?? null,
      rootKey: env.WHATSAPP_ROOT_KEY?.toLowerCase() ?? null,
      version: clientVersion(env.WHATSAPP_WEB_VERSION),
    },
    sessionTimeoutMs: env.WHATSAPP_SESSION_TIMEOUT,
    maxSessionsPerUser: env.WHATSAPP_MAX_SESSIONS_PER_USER,
    connects: {
      perSecond: env.CONNECTS_PER_SECOND,
      burst: env.CONNECT_BURST,
      perSecondTotal: env.CONNECTS_PER_SECOND_TOTAL,
      egress: env.EGRESS_NAME,
    },
    linking: {
      mode: env.LINK_DEFAULT,
      sessionIdPrefix: env.SESSION_ID_PREFIX,
      sessionIdFormat: env.SESSION_ID_FORMAT,
      supportUrl: env.SUPPORT_URL ?? null,
      ownerUrl: env.OWNER_URL,
      brandLogo: env.BRAND_LOGO ?? null,
    },
    nodeName: env.NODE_NAME ?? null,
    roles: {
      api: env.ROLES.includes('api'),
      sessions: env.ROLES.includes('sessions'),
      jobs: env.ROLES.includes('jobs'),
    },
    // whoever develops has the machine to themselves; in production a proxy may stand on it
    metricsFrom: env.METRICS_FROM ?? (production ? [] : ['loopback']),
    trustProxy: env.TRUST_PROXY ?? [],
    limits: {
      closed: env.LINK_PAGE === 'off',
      perAddress,
      // one setting for all; unless changed it gives forty pages that poll every two seconds what they need
      requestsPerMinute: Math.max(120, perAddress * 20),
      socketsPerAddress: Math.max(4, Math.ceil((perAddress * 2) / 3)),
      perNode: env.LINK_MAX_PER_NODE,
      active: env.LINK_MAX_ACTIVE,
      queued: env.LINK_MAX_QUEUED,
    },
    api: {
      perMember: { perSecond: env.API_REQUESTS_PER_SECOND, burst: env.API_REQUEST_BURST },
      perAddress: {
        perSecond: env.API_REQUESTS_PER_ADDRESS,
        burst: Math.ceil(
          env.API_REQUEST_BURST * Math.max(1, env.API_REQUESTS_PER_ADDRESS / env.API_REQUESTS_PER_SECOND),
        ),
      },
    },
    unused: unusedSettings(raw),
  }
}

function clientVersion(text: string | undefined): ClientVersion | null {
  const [major, minor, build] = (text ?? '').split('.').map(Number)
  return major === undefined || minor === undefined || build === undefined ? null : [major, minor, build]
}

/** The environment as far as it can be read, and a line for each setting of which the form is wrong. */
function readEnv(given: NodeJS.ProcessEnv): { env: Env; malformed: Map<string, string> } {
  const parsed = Env.safeParse(given)
  if (parsed.success) return { env: parsed.data, malformed: new Map() }
  const malformed = new Map(
    parsed.error.issues.map(({ path, message }) => [String(path[0]), `${path.join('.')}: ${message}`]),
  )
  const readable = Object.fromEntries(Object.entries(given).filter(([name]) => !malformed.has(name)))
  return { env: Env.parse(readable), malformed }
}

const secretProblem = (problem: string): string =>
  `WHATSAPP_SESSION_SECRET ${problem}. Make one with: openssl rand -hex 32`

function secretProblems(env: Env): string[] {
  const { NODE_ENV, WHATSAPP_SESSION_SECRET: given, WHATSAPP_SERVICE_TOKEN: token } = env
  const problems: string[] = []
  if (NODE_ENV === 'production' && given === undefined) problems.push(secretProblem('is not set'))
  const secret = given === undefined ? null : parseSecret(given)
  if (secret !== null && 'problem' in secret) problems.push(secretProblem(secret.problem))
  const previousProblem = previousSecretProblem(env)
  if (previousProblem !== null) problems.push(previousProblem)
  const tokenProblem = token === undefined ? null : serviceTokenProblem(token, given)
  if (tokenProblem !== null) {
    problems.push(`WHATSAPP_SERVICE_TOKEN ${tokenProblem}. Make one with: openssl rand -hex 32`)
  }
  const jwtProblem = jwtSecretProblem(env)
  if (jwtProblem !== null) problems.push(jwtProblem)
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
