import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startLocalPostgres } from '../src/backend/database/local/start-local-postgres.js'
import { readMigrations, MIGRATIONS_FOLDER } from '../src/backend/database/migration-files.js'
import { expectRefused, refusedStart, sentencesOf } from './support/refused-start.js'
import { Rows } from './support/rows.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'
import { startedIn } from './support/started-in.js'

const secret = randomBytes(32).toString('hex')
const jwtSecret = randomBytes(32).toString('hex')
const root = fileURLToPath(new URL('..', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whizlite-around-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const production = (url: string) => ({
  NODE_ENV: 'production',
  DATABASE_URL: url,
  PUBLIC_URL: 'https://link.example',
  TRUST_PROXY: 'loopback',
  WHATSAPP_SESSION_SECRET: secret,
  WHATSAPP_JWT_SECRET: jwtSecret,
  DATA_DIR: folder,
})

describe('the folder', () => {
  test('must not be open to every account in production', async () => {
    chmodSync(folder, 0o755)
    const refused = await refusedStart(production('postgres://user:hidden-word@127.0.0.1:1/none'))
    expectRefused(refused, [/^DATA_DIR may be read or written by every account.*chmod 700/], [folder, secret])
  })

  test.each(['session-secret', 'service-token', 'jwt-secret'])(
    'must not show its %s to anybody, wherever it is',
    async name => {
      const file = join(folder, name)
      writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o640 })
      const refused = await refusedStart({ NODE_ENV: 'test', DATA_DIR: folder })
      expectRefused(
        refused,
        [new RegExp(`^The file ${name} in DATA_DIR may be read.*chmod 600`)],
        [folder, readFileSync(file, 'utf8')],
      )
    },
  )
})

describe('pages of other origins', () => {
  test.each([
    ['every one there is', '*'],
    ['all below one', 'https://*.example.com'],
    ['one that is no origin', 'https://app.example.com/path'],
  ])('are not let in as %s', async (_, origins) => {
    const refused = await refusedStart({ NODE_ENV: 'test', DATA_DIR: folder, FRONTEND_URL: origins })
    expectRefused(refused, [/^FRONTEND_URL: must be origins/], [origins])
  })

  test('are not let in over plain http in production', async () => {
    const env = production('postgres://user:hidden-word@127.0.0.1:1/none')
    const refused = await refusedStart({ ...env, FRONTEND_URL: 'http://app.example.com' })
    expectRefused(refused, [/^FRONTEND_URL must be https/], ['app.example.com'])
  })
})

describe('the engine', () => {
  test.each([
    ['the lock file', 'package-lock.json', '"version": "7.0.0-rc14"', '"version": "7.0.0-rc13"'],
    ['the manifest, where there is no lock file', 'package.json', '"7.0.0-rc14"', '"7.0.0-rc13"'],
  ])('must be the version of %s', async (_, name, is, other) => {
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    if (name !== 'package.json') cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    writeFileSync(join(folder, name), readFileSync(join(root, name), 'utf8').replaceAll(is, other))
    const refused = await startedIn(folder, { NODE_ENV: 'test', DATA_DIR: join(folder, 'data') })
    expectRefused(refused, [/^The installed @whiskeysockets\/baileys is 7\.0\.0-rc14, .*7\.0\.0-rc13\. Run npm ci/], [])
  })
})

describe('the database', () => {
  let database: ClonedDatabase
  let rows: Rows
  beforeEach(async () => {
    database = await cloneDatabase()
    rows = new Rows(database.ownerUrl)
  })
  afterEach(async () => {
    await rows[Symbol.asyncDispose]()
    await database.drop()
  })

  const start = async (env: Record<string, string> = {}) =>
    sentencesOf(
      await refusedStart({
        NODE_ENV: 'test',
        DATABASE_URL: database.ownerUrl,
        WHATSAPP_SESSION_SECRET: secret,
        DATA_DIR: folder,
        ...env,
      }),
    )

  test('must not let the process work as a role that passes row level security', async () => {
    const refused = await start({ DATABASE_APP_URL: database.ownerUrl })
    expectRefused(refused, [/^The role .* can pass row level security \(superuser/, /^Set DATABASE_APP_URL/], [secret])
  })

  test('must protect every table, and each that it does not is told', async () => {
    await rows.query(`alter table sessions no force row level security; drop policy people_tenant on people;
      create table leak (id uuid primary key)`)
    const refused = await start()
    expect({ ...refused, lines: refused.lines.length }).toEqual({ code: 1, lines: expect.any(Number) })
    const text = refused.lines.join('\n')
    for (const line of [
      /^Table leak has no workspace_id/m,
      /^Table people has no policy/m,
      /^Table sessions does not force/m,
    ])
      expect(text).toMatch(line)
    expect(refused.lines.at(-1)).toMatch(/^Restore the schema/)
  })

  test('must open with the secret, and a canary that was changed does not', async () => {
    await rows.query(`insert into canary (sealed, kek_id) values ('\\x00', 'x')`)
    expectRefused(
      await start(),
      [/^WHATSAPP_SESSION_SECRET is not the one/, /^Start with the secret/, /^To change it/],
      [secret],
    )
  })

  test('must not be one that newer code alone can work with; one that is merely newer is', async () => {
    const taken = new URL(database.ownerUrl).port
    const known = (await readMigrations(MIGRATIONS_FOLDER)).length
    // it gets past its database, which it thereby vouches for, and ends over what comes after
    const pastIt = async () =>
      expectRefused(await start({ PORT: taken }), [/^The port is taken/, /^Set PORT/], [secret])
    await pastIt()
    await rows.query(`insert into migrations (number, name, checksum) values ($1, 'later.sql', 'x')`, [known + 1])
    await rows.query(`insert into meta values ('oldest_code', $1)`, [String(known + 1)])
    expectRefused(await start(), [/^A newer version has changed this database .* Start that version/], [secret])
    await rows.query(`update meta set value = $1 where key = 'oldest_code'`, [String(known)])
    await pastIt()
  })

  test('must be one whose older schema can be brought forward', async () => {
    await rows.query('delete from migrations where number = (select max(number) from migrations)')
    const [last] = (await readMigrations(MIGRATIONS_FOLDER)).slice(-1)
    expectRefused(await start(), [new RegExp(`^${last?.name ?? ''} failed \\(42.*it changed nothing`)], [secret])
  })
})

describe('a server that forgets', () => {
  let home: string
  let server: Awaited<ReturnType<typeof startLocalPostgres>>
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'whizlite-forgetful-'))
    server = await startLocalPostgres({ dataDir: home, fast: true })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })

  test('is refused in production with all that it has off, before anything is written', async () => {
    const line = (name: string) => new RegExp(`^PostgreSQL has ${name} off`)
    const refused = await refusedStart(production(server.url))
    const problems = ['fsync', 'full_page_writes', 'synchronous_commit'].map(line)
    expectRefused(refused, [...problems, /^Set them on/], [secret, server.url])
    await using rows = new Rows(server.url)
    expect(await rows.query(`select from pg_namespace where nspname = 'whizlite'`)).toEqual([])
  })
})
