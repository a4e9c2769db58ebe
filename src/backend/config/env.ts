import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)
const flagless = z.string().trim().min(1)
const rate = z.coerce.number().min(0.01).max(10_000)
const count = z.coerce.number().int().min(1).max(1_000_000)

const proxyNames = ['loopback', 'linklocal', 'uniquelocal']

/** What `proxy-addr` takes, with commas between, or the word for nobody. */
const proxies = z
  .string()
  .transform(text => (text.trim() === 'none' ? [] : text.split(',').map(part => part.trim())))
  .refine(
    isProxies,
    'must be addresses, ranges such as 10.0.0.0/8, loopback, linklocal or uniquelocal, with commas between, or none',
  )

/** Origins as browsers write them, with commas between. A pattern would let in whoever can have a page that fits it. */
const origins = z
  .string()
  .transform(text => text.split(',').map(part => part.trim().replace(/\/$/, '')))
  .refine(
    parts => parts.every(isOrigin),
    'must be origins such as https://app.example.com, without a path or *, with commas between',
  )

const roles = ['api', 'sessions', 'jobs'] as const

/** Which of the roles, with commas between. */
const roleList = z
  .string()
  .transform(text => text.split(',').map(part => part.trim()))
  .pipe(z.array(z.enum(roles, `must be some of ${roles.join(', ')}, with commas between`)))

/** The raw environment: names as documented, values checked for form only. Read nowhere else. */
export const Env = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  PORT: port.default(3000),
  WS_PORT: port.optional(),
  HOST: flagless.optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATA_DIR: flagless.optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_APP_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TRUST_PROXY: proxies.optional(),
  ROLES: roleList.default([...roles]),
  METRICS_FROM: proxies.optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  FRONTEND_URL: origins.default([]),
  WHATSAPP_SESSION_SECRET: flagless.optional(),
  WHATSAPP_SESSION_SECRET_PREVIOUS: flagless.optional(),
  WHATSAPP_SERVICE_TOKEN: flagless.optional(),
  WHATSAPP_MAX_SESSIONS_PER_USER: count.default(5),
  WHATSAPP_JWT_SECRET: flagless.optional(),
  WHATSAPP_URL: z.url({ protocol: /^wss?$/ }).optional(),
  WHATSAPP_ROOT_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hex characters')
    .optional(),
  LINK_PAGE: z.enum(['on', 'off']).default('on'),
  LINK_MAX_PER_ADDRESS: count.default(60),
  LINK_MAX_PER_NODE: count.default(100),
  LINK_MAX_ACTIVE: count.default(500),
  LINK_MAX_QUEUED: count.default(1_000),
  API_REQUESTS_PER_SECOND: rate.default(50),
  API_REQUEST_BURST: count.default(200),
  API_REQUESTS_PER_ADDRESS: rate.default(200),
  CONNECTS_PER_SECOND: rate.default(20),
  WHATSAPP_SESSION_TIMEOUT: z.coerce.number().int().min(1_000).max(31_536_000_000).default(3_600_000),
  CONNECT_BURST: count.default(20),
  CONNECTS_PER_SECOND_TOTAL: rate.default(20),
  NODE_NAME: z.string().trim().min(1).max(100).optional(),
  EGRESS_NAME: z.string().trim().min(1).max(100).default('shared'),
  WHATSAPP_WEB_VERSION: z
    .string()
    .regex(/^\d{1,4}\.\d{1,6}\.\d{1,12}$/, 'must be three numbers with dots, such as 2.3000.1043857760')
    .optional(),
  LINK_DEFAULT: z.enum(['handed_off', 'managed']).default('handed_off'),
  SESSION_ID_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9]{1,24}_$/, 'must be 1 to 24 letters or digits and an underscore')
    .default('WHIZLITE_'),
  SESSION_ID_FORMAT: z.enum(['compact', 'json']).default('compact'),
  SUPPORT_URL: z.url().optional(),
  OWNER_URL: flagless.default('github.com/mburuwhiz'),
  BRAND_LOGO: flagless.optional(),
})
export type Env = z.infer<typeof Env>

/** Names that mean nothing here: those this design does not need, and those of parts that are still to come. One start-up line each. */
const unusedNames = ['REDIS_URL', 'SESSIONS_PATH', 'WHATSAPP_SERVICE_URL', 'LOG_FILE']
const unusedPrefixes = ['SUPABASE_', 'NEXT_PUBLIC_', 'RELANCE_', 'SEND_', 'AI_']

export function unusedSettings(raw: NodeJS.ProcessEnv): string[] {
  return Object.keys(raw).filter(
    name => unusedNames.some(unused => unused === name) || unusedPrefixes.some(prefix => name.startsWith(prefix)),
  )
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol } = new URL(text)
  return origin === text && !text.includes('*') && (protocol === 'https:' || protocol === 'http:')
}

/** A lone number, which counts proxies elsewhere, would be read as an address. */
function isProxies(parts: string[]): boolean {
  const named = (part: string) => proxyNames.some(name => name === part)
  if (!parts.every(part => named(part) || isIP(part.split('/', 1)[0] ?? '') !== 0)) return false
  try {
    proxyAddr.compile(parts)
    return true
  } catch {
    return false
  }
}

/** A blank line in a `.env` file means "not set". */
export function withoutBlanks(raw: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined && value.trim() !== ''))
}
