import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { expectRefused, refusedStart, type Refusal } from './support/refused-start.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'

const secret = randomBytes(32).toString('hex')

let database: ClonedDatabase
let dataDir: string

beforeAll(async () => {
  database = await cloneDatabase()
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-refusals-'))
})

afterAll(async () => {
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

const start = (env: Record<string, string>): Promise<Refusal> =>
  refusedStart({ NODE_ENV: 'test', DATA_DIR: dataDir, WHATSAPP_SESSION_SECRET: secret, ...env })

const owner = () => new URL(database.ownerUrl)
const place = () => `\\(127\\.0\\.0\\.1:${owner().port}\\)`

describe('a database that cannot be used is told by its setting and place, and what to do:', () => {
  test('nothing that listens', async () => {
    const refused = await start({ DATABASE_URL: 'postgres://operator:hidden-word@127.0.0.1:1/hidden-name' })
    const lines = [
      /^DATABASE_URL \(127\.0\.0\.1:1\): no PostgreSQL runs there\.$/,
      /^Start PostgreSQL there, or correct host and port in DATABASE_URL\.$/,
    ]
    expectRefused(refused, lines, ['hidden-word', 'hidden-name', 'operator', secret])
  })

  test('a wrong password', async () => {
    const url = owner()
    url.password = 'hidden-word'
    const lines = [
      new RegExp(`^DATABASE_URL ${place()}: PostgreSQL refuses the login\\.$`),
      /^Correct user and password in DATABASE_URL, and see that its pg_hba\.conf lets this machine in\.$/,
    ]
    expectRefused(await start({ DATABASE_URL: url.href }), lines, [
      'hidden-word',
      url.username,
      url.pathname.slice(1),
      secret,
    ])
  })

  test('a database that does not exist', async () => {
    const url = owner()
    url.pathname = '/hidden-name'
    const lines = [
      new RegExp(`^DATABASE_URL ${place()}: PostgreSQL has no database of the name given\\.$`),
      /^Create the database, or correct its name at the end of DATABASE_URL\.$/,
    ]
    expectRefused(await start({ DATABASE_URL: url.href }), lines, ['hidden-name', url.password, secret])
  })

  test('a host that does not exist', async () => {
    const url = owner()
    url.hostname = 'no-such-host.invalid'
    const lines = [
      /^DATABASE_URL \(no-such-host\.invalid:\d+\): there is no such host\.$/,
      /^Correct the host in DATABASE_URL\.$/,
    ]
    expectRefused(await start({ DATABASE_URL: url.href }), lines, [url.password, secret])
  })

  test('encryption that it does not have', async () => {
    const url = owner()
    url.searchParams.set('sslmode', 'verify-full')
    const lines = [
      new RegExp(`^DATABASE_URL ${place()}: no encrypted connection could be made\\.$`),
      /^Check sslmode in DATABASE_URL/,
    ]
    expectRefused(await start({ DATABASE_URL: url.href }), lines, [url.password, secret])
  })

  test('a password whose characters end the host too early', async () => {
    const url = `postgres://operator:5432/hidden-word@127.0.0.1:${owner().port}/x`
    const lines = [
      /^DATABASE_URL: it cannot be read as it is meant\.$/,
      /^Write the characters \/ \? # @ : in a user or password as /,
    ]
    expectRefused(await start({ DATABASE_URL: url }), lines, ['operator', 'hidden-word', '5432', secret])
  })

  test('a role of the operator’s own that is not let in', async () => {
    const url = owner()
    url.password = 'hidden-word'
    const lines = [
      new RegExp(`^DATABASE_APP_URL ${place()}: PostgreSQL refuses the login\\.$`),
      /^Correct user and password in DATABASE_APP_URL/,
    ]
    expectRefused(await start({ DATABASE_URL: owner().href, DATABASE_APP_URL: url.href }), lines, [
      'hidden-word',
      secret,
    ])
  })
})
