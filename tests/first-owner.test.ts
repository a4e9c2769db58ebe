import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CliProcess } from './support/cli-process.js'
import { GatewayProcess } from './support/gateway-process.js'
import { Person, tokenOf } from './support/person.js'
import { Rows } from './support/rows.js'
import { cloneDatabase, type ClonedDatabase } from './support/template-database.js'

let database: ClonedDatabase
let dataDir: string
let env: Record<string, string>

beforeEach(async () => {
  database = await cloneDatabase()
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-owner-'))
  env = {
    NODE_ENV: 'test',
    DATABASE_URL: database.ownerUrl,
    WHATSAPP_SESSION_SECRET: randomBytes(32).toString('hex'),
    DATA_DIR: dataDir,
    PORT: '0',
  }
})

afterEach(async () => {
  await database.drop()
  rmSync(dataDir, { recursive: true })
})

const printed = /Become the first owner within 24 hours: (http:\/\/\S+\/claim#whiz_owner_[\w-]{43})/

async function command(): Promise<{ code: unknown; link: string; errors: string }> {
  await using cli = new CliProcess(['owner-link'], { env })
  const code = await cli.exited
  return { code, link: cli.output, errors: cli.errors }
}

test('the first start prints a link once, in no line of the log; later ones say how to make another, which ends the first', async () => {
  let first = ''
  {
    await using gateway = new GatewayProcess(env)
    await gateway.ready()
    await expect.poll(() => gateway.output).toMatch(printed)
    first = printed.exec(gateway.output)?.[1] ?? ''
    expect(JSON.stringify(gateway.log.all())).not.toContain('whiz_owner_')
    await gateway.stop()
  }
  await using gateway = new GatewayProcess(env)
  const url = await gateway.ready()
  await gateway.log.waitFor(({ event }) => event === 'owner_missing')
  expect(gateway.output).not.toMatch(printed)

  const { code, link } = await command()
  expect(code).toBe(0)
  expect(link).toMatch(/^http:\/\/localhost:0\/claim#whiz_owner_[\w-]{43}$/)
  {
    await using rows = new Rows(database.ownerUrl)
    const made = `select from audit_log where action = 'auth.owner_link_made' and entry ->> 'by' = 'operator'`
    expect(await rows.query(made)).toHaveLength(1)
  }
  const person = new Person(url, 'ada@example.com', 'teapot under the moon')
  expect((await person.claim(tokenOf(first))).body['code']).toBe('link_over')
  expect((await person.claim(tokenOf(link))).status).toBe(200)

  const again = await command()
  expect(again.code).toBe(1)
  expect(again.errors).toContain('This gateway has its first owner already.')
  expect(again.link).toBe('')
})
