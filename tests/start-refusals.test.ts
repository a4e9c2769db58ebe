import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSimulator, type Simulator } from '../src/simulator/index.js'
import { DatabaseText } from './support/database-text.js'
import { GatewayProcess } from './support/gateway-process.js'
import { expectRefused, refusedStart } from './support/refused-start.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'
import { Visitor } from './support/visitor.js'

const goodSecret = randomBytes(32).toString('hex')

let simulator: Simulator
let database: ClonedDatabase
let looking: DatabaseText
let dataDir: string

beforeAll(async () => {
  simulator = await startSimulator()
  database = await cloneDatabase()
  looking = await DatabaseText.open(database.ownerUrl)
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-refusals-'))
})

afterAll(async () => {
  await looking[Symbol.asyncDispose]()
  await simulator.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Starts a gateway that is expected to end by itself. */
const start = (env: Record<string, string>) => refusedStart({ DATA_DIR: dataDir, ...env })

/** A folder that every account may list. */
function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'whizlite-open-'))
  chmodSync(folder, 0o755)
  return folder
}

describe('another secret than the one before', () => {
  const settings = (secret: string) => ({
    NODE_ENV: 'test',
    DATABASE_URL: database.ownerUrl,
    WHATSAPP_SESSION_SECRET: secret,
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
  })

  /** One number for everything that is stored, the database's own roles and their passwords included. */
  async function checksum(): Promise<string> {
    const roles = await looking.client.query(
      `select rolname, rolpassword, rolsuper from pg_authid
       where rolname in (current_user, current_database() || '_app') order by 1`,
    )
    expect(roles.rows).toHaveLength(2)
    const rows = (await looking.dump()).map(({ table, text }) => [table, text.split('\n').toSorted()])
    return createHash('sha256')
      .update(JSON.stringify([rows, roles.rows]))
      .digest('hex')
  }

  test('is refused before anything is changed, and the right one works afterwards', async () => {
    const first = new GatewayProcess({ PORT: '0', DATA_DIR: dataDir, ...settings(goodSecret) })
    const visitor = new Visitor(await first.ready())
    const phone = await simulator.phone('254760000001')
    const { sessionId, qrCode } = await visitor.start()
    const events = visitor.listen()
    await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
    await events.waitForEvent('complete')
    expect(await first.stop()).toBe(0)

    const before = await checksum()
    const wrong = randomBytes(32).toString('hex')
    const lines = [
      /^WHATSAPP_SESSION_SECRET is not the one .* Nothing was changed\.$/,
      /^Start with the secret/,
      /^To change it, set the former one/,
    ]
    const refused = await start(settings(wrong))
    expectRefused({ ...refused, lines: refused.lines.filter(isNoLog) }, lines, [wrong, goodSecret, database.ownerUrl])
    expect(await checksum()).toBe(before)

    await using again = new GatewayProcess({ PORT: '0', DATA_DIR: dataDir, ...settings(goodSecret) })
    const back = new Visitor(await again.ready(), visitor.cookie)
    expect(await back.view(sessionId)).toMatchObject({ phase: 'complete' })
    expect(await checksum()).not.toBe(before)
  })

  const isNoLog = (line: string): boolean => !line.startsWith('{')
})

describe('in production', () => {
  const production = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://user:hidden-word@127.0.0.1:1/none',
    PUBLIC_URL: 'https://link.example',
    TRUST_PROXY: 'loopback',
    WHATSAPP_JWT_SECRET: randomBytes(32).toString('hex'),
  }

  test('a secret has to be given', async () => {
    expectRefused(await start(production), [/^WHATSAPP_SESSION_SECRET is not set\. .*openssl rand -hex 32/], [])
  })

  test('the address that people use has to be given', async () => {
    const env = { ...production, PUBLIC_URL: '', WHATSAPP_SESSION_SECRET: goodSecret }
    expectRefused(await start(env), [/^PUBLIC_URL is not set\. .*https/], [goodSecret, 'hidden-word'])
  })

  test('where the proxy is has to be told, or that there is none', async () => {
    const env = { ...production, WHATSAPP_SESSION_SECRET: goodSecret }
    expectRefused(await start({ ...env, TRUST_PROXY: '' }), [/^TRUST_PROXY is not set\. .*none/], [goodSecret])
    expectRefused(await start({ ...env, TRUST_PROXY: 'none' }), [/^DATABASE_URL \(/, /^Start PostgreSQL/], [goodSecret])
  })

  test.each([
    ['short', randomBytes(31).toString('hex'), /fewer than 32 bytes/],
    ['a word', 'correct horse battery', /fewer than 32 bytes/],
    ['one character over and over', 'a'.repeat(64), /repeats itself/],
    ['two bytes over and over', '0f'.repeat(32), /repeats itself/],
    ['an example', `changeme-${randomBytes(32).toString('hex')}`, /well-known example/],
    [
      'another product’s default',
      `429683C4C977415CAAFCCE10F7D57E11${randomBytes(16).toString('hex')}`,
      /well-known example/,
    ],
    ['the default of a third', 'THISISMYSECURETOKEN'.repeat(3), /well-known example/],
    ['the default of a fourth', `dev-admin-key-${randomBytes(32).toString('hex')}`, /well-known example/],
    ['the alphabet and the digits', 'abcdefghijklmnopqrstuvwxyz0123456789', /counts up or down/],
    ['a name, a purpose and a row', 'WhizLiteProductionKey1234567890abcd', /could be guessed/],
    ['bytes that count', Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex'), /counts up or down/],
    ['words', 'sessions-of-the-linking-page-stay-in-nairobi', /reads like words/],
    ['spaces', '   ', /is not set/],
  ])('a secret that is %s is refused', async (_, secret, problem) => {
    const refused = await start({ ...production, WHATSAPP_SESSION_SECRET: secret })
    expectRefused(
      refused,
      [new RegExp(`^WHATSAPP_SESSION_SECRET ${problem.source}`.replace('SECRET ', 'SECRET .*'))],
      [secret],
    )
  })

  test.each([
    ['missing', '', /^WHATSAPP_SESSION_SECRET is not set/],
    ['weak', 'a'.repeat(64), /^WHATSAPP_SESSION_SECRET repeats itself/],
  ])(
    'a %s secret, plain http, an untold proxy, the simulator, an open folder and a bad port are told at once',
    async (_, secret, secretIsBad) => {
      const { url, rootKey } = simulator
      const open = openFolder()
      const env = {
        ...production,
        WHATSAPP_SESSION_SECRET: secret,
        PORT: 'eighty',
        PUBLIC_URL: 'http://link.example',
        TRUST_PROXY: '',
        WHATSAPP_URL: url,
        WHATSAPP_ROOT_KEY: rootKey,
        DATA_DIR: open,
      }
      const refused = await start(env)
      rmSync(open, { recursive: true })
      const problems = [
        /^DATA_DIR may be read or written by every account/,
        /^PORT: /,
        /^PUBLIC_URL must be https/,
        /^TRUST_PROXY is not set/,
        secretIsBad,
        /^WHATSAPP_URL and WHATSAPP_ROOT_KEY are refused/,
      ]
      const values = ['eighty', 'link.example', url, rootKey, 'hidden-word', secret, open]
      expectRefused({ ...refused, lines: refused.lines.toSorted() }, problems, values)
    },
  )

  test.each([
    ['a word', 'letmein', /has fewer than 32 bytes/],
    ['an example', `changeme-${randomBytes(32).toString('hex')}`, /well-known example/],
    ['the session secret itself', goodSecret, /the same as WHATSAPP_SESSION_SECRET/],
    [
      'the session secret in another form',
      Buffer.from(goodSecret, 'hex').toString('base64url'),
      /the same as WHATSAPP_SESSION_SECRET/,
    ],
    ['nothing that a header carries', 'k#9vQz!2Lr@7Wm$4Xp^8Tn&1Yb*5Jd(3Hf)6Gc{0Sk}Ew|Zu~Vq:Io;Pa?R<M>x/8', /header/],
  ])('a service token that is %s is refused', async (_, token, problem) => {
    const refused = await start({ ...production, WHATSAPP_SESSION_SECRET: goodSecret, WHATSAPP_SERVICE_TOKEN: token })
    expectRefused(refused, [new RegExp(`^WHATSAPP_SERVICE_TOKEN .*${problem.source}`)], [token])
  })
})

describe('anywhere', () => {
  test.each([
    [
      'half of the simulator',
      { WHATSAPP_URL: 'ws://127.0.0.1:1/ws' },
      [/^WHATSAPP_URL and WHATSAPP_ROOT_KEY are set together/],
    ],
    [
      'the other half',
      { WHATSAPP_ROOT_KEY: 'ab'.repeat(32) },
      [/^WHATSAPP_URL and WHATSAPP_ROOT_KEY are set together/],
    ],
    [
      'a WhatsApp elsewhere',
      { WHATSAPP_URL: 'ws://wa.example/ws', WHATSAPP_ROOT_KEY: 'ab'.repeat(32) },
      [/^WHATSAPP_URL must be a loopback address/],
    ],
    ['a port out of range', { PORT: '70000' }, [/^PORT: /]],
    ['a port in words', { PORT: 'three-thousand' }, [/^PORT: /]],
    ['an unknown environment', { NODE_ENV: 'staging-x' }, [/^NODE_ENV: /]],
    ['a database of another kind', { DATABASE_URL: 'mysql://user:hidden-word@db/x' }, [/^DATABASE_URL: /]],
    ['an address without scheme', { PUBLIC_URL: 'link.example' }, [/^PUBLIC_URL: /]],
    ['a prefix of its own', { SESSION_ID_PREFIX: 'no good' }, [/^SESSION_ID_PREFIX: /]],
    [
      'a root that is no key',
      { WHATSAPP_URL: 'ws://127.0.0.1:1/ws', WHATSAPP_ROOT_KEY: 'zz'.repeat(32) },
      [/^WHATSAPP_ROOT_KEY: must be 64 hex/],
    ],
    ['a proxy by name', { TRUST_PROXY: '10.0.0.1, proxy.example' }, [/^TRUST_PROXY: must be addresses/]],
    ['every proxy there is', { TRUST_PROXY: '0.0.0.0/0' }, [/^TRUST_PROXY: must be addresses/]],
    ['a number of proxies', { TRUST_PROXY: '2' }, [/^TRUST_PROXY: must be addresses/]],
    ['an empty place in a list', { TRUST_PROXY: 'loopback,,10.0.0.1' }, [/^TRUST_PROXY: must be addresses/]],
    ['a limit of nothing', { LINK_MAX_PER_ADDRESS: '0' }, [/^LINK_MAX_PER_ADDRESS: /]],
    ['a page half open', { LINK_PAGE: 'ajar' }, [/^LINK_PAGE: /]],
    ['a limit in words', { LINK_MAX_ACTIVE: 'plenty' }, [/^LINK_MAX_ACTIVE: /]],
    ['an unknown mode', { LINK_DEFAULT: 'both-ways' }, [/^LINK_DEFAULT: /]],
    ['a quoted value', { LOG_LEVEL: '"quiet"' }, [/^LOG_LEVEL: /]],
  ] as const)('%s is refused', async (_, env, problems) => {
    expectRefused(await start({ NODE_ENV: 'test', ...env }), [...problems], Object.values(env))
  })

  test('all that is wrong is told at once, a line each', async () => {
    const env = {
      NODE_ENV: 'nowhere',
      PORT: '-1',
      LOG_LEVEL: 'loud',
      PUBLIC_URL: 'ftp://x.example',
      SUPPORT_URL: 'nothing',
      LINK_DEFAULT: 'maybe',
    }
    const refused = await start(env)
    expectRefused(
      { ...refused, lines: refused.lines.toSorted() },
      ['LINK_DEFAULT', 'LOG_LEVEL', 'NODE_ENV', 'PORT', 'PUBLIC_URL', 'SUPPORT_URL'].map(
        name => new RegExp(`^${name}: `),
      ),
      ['ftp://x.example'],
    )
  })

  test('a port that is taken is told by what to do', async () => {
    const { port } = new URL(simulator.url)
    const refused = await start({
      NODE_ENV: 'test',
      PORT: port,
      DATABASE_URL: database.ownerUrl,
      WHATSAPP_SESSION_SECRET: goodSecret,
    })
    expectRefused(
      { ...refused, lines: refused.lines.filter(line => !line.startsWith('{')) },
      [/^The port is taken/, /^Set PORT/],
      [goodSecret],
    )
  })

  test('a secret nobody gave is made once, for its owner alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'whizlite-secret-'))
    const env = { NODE_ENV: 'test', DATA_DIR: folder, DATABASE_URL: 'postgres://user:pw@127.0.0.1:1/none' }
    await start(env)
    const made = readFileSync(join(folder, 'session-secret'), 'utf8')
    expect(made).toMatch(/^[0-9a-f]{64}$/)
    await start(env)
    expect(readFileSync(join(folder, 'session-secret'), 'utf8')).toBe(made)
    rmSync(folder, { recursive: true, force: true })
  })
})
