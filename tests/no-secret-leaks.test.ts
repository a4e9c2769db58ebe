import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLocalPostgres, type LocalPostgres } from '../src/backend/database/local/start-local-postgres.js'
import { decodeSessionId, derivePreKey } from '../src/session/index.js'
import { readQrPicture } from '../src/simulator/phone/qr-picture.js'
import { startSimulator, type Phone, type Simulator } from '../src/simulator/index.js'
import { DatabaseText } from './support/database-text.js'
import { GatewayProcess } from './support/gateway-process.js'
import { find, findInFolder, sought, type Sought } from './support/secret-search.js'
import { Visitor } from './support/visitor.js'

const mark = randomBytes(12).toString('hex')
const planted = sought('the planted text', `planted-${mark}`)
const messageText = `my order number is ${mark} please`
const strangersName = `Mrs ${mark.slice(0, 12)} Canary`

let dataDir: string
let simulator: Simulator
let postgres: LocalPostgres
let database: DatabaseText
let secrets: Sought[]
let output = ''
const errorAnswers: string[] = []
const eventsHeard: string[] = []

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-leaks-'))
  simulator = await startSimulator()
  const handedOff = await runGateway('handed_off', '254750000001')
  const managed = await runGateway('managed', '254750000002')
  const key = readFileSync(join(dataDir, 'session-secret'), 'utf8')
  secrets = [
    ...handedOff,
    ...managed,
    sought('the deployment secret', key),
    sought('the deployment secret’s bytes', Buffer.from(key, 'hex')),
    sought('the service token', readFileSync(join(dataDir, 'service-token'), 'utf8')),
    sought('an incoming message', messageText),
    sought('a stranger’s name', strangersName),
    sought('message 2', 'Your device is now linked successfully'),
  ]
}, 180_000)

afterAll(async () => {
  await database[Symbol.asyncDispose]()
  await postgres.stop()
  await simulator.assertClean()
  await simulator.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** One whole link in a process of its own, on the database that is its own; answers with every secret that was part of it. */
async function runGateway(mode: 'handed_off' | 'managed', number: string): Promise<Sought[]> {
  const gateway = new GatewayProcess({
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'debug',
    DATA_DIR: dataDir,
    LINK_DEFAULT: mode,
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
    // told on stdout by its name, and on stderr by its value
    [`SUPABASE_planted-${mark}`]: 'yes',
    PUBLIC_URL: `http://127.0.0.1/planted-${mark}`,
  })
  const url = await gateway.ready()
  if (mode === 'handed_off') {
    postgres = await startLocalPostgres({ dataDir })
    database = await DatabaseText.open(postgres.url)
    await database.compressNothing()
  }
  const phone = await simulator.phone(number, { name: `Owner ${mark}` })
  const found = await link(mode, url, phone)
  await gateway.stop()
  output += gateway.output
  return found.map(({ name, needles }) => ({ name: `${mode}: ${name}`, needles }))
}

async function link(mode: string, url: string, phone: Phone): Promise<Sought[]> {
  const visitor = new Visitor(url)
  const { sessionId, qrCode } = await visitor.start()
  const picture = qrCode.split(',')[1] ?? ''
  const qr = readQrPicture(Buffer.from(picture, 'base64'))
  const events = visitor.listen()
  await phone.scan(qr)
  await events.waitForEvent('complete')
  const { text: sessionIdString } = await phone.waitForMessage({ fromMe: true })
  if (mode === 'managed') await hearFromStranger(phone)
  for (const [asking, method, path, body] of [
    [new Visitor(url), 'GET', `/api/sessions/${sessionId}`, undefined],
    [visitor, 'POST', '/api/sessions/start', { [`planted-${mark}`]: 1 }],
    [visitor, 'POST', '/api/sessions/start', { sessionIdString }],
    [visitor, 'PUT', '/api/sessions/start', {}],
    [visitor, 'GET', `/${sessionIdString}`, undefined],
  ] as const) {
    const answer = await asking.request(method, path, body)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    errorAnswers.push(JSON.stringify(answer.body))
  }
  eventsHeard.push(...events.all().map(event => JSON.stringify(event)), JSON.stringify(await visitor.view(sessionId)))
  events.socket.close()
  const picturePiece = sought('the picture of the code', picture.slice(200, 400))
  return [...secretsOf(sessionIdString ?? ''), ...qrSecrets(qr), picturePiece, cookieSecret(visitor)]
}

async function hearFromStranger(phone: Phone): Promise<void> {
  const stranger = await simulator.phone('254750000003', { name: strangersName })
  const { id } = await stranger.send(phone, messageText)
  const { deviceId } = await phone.waitForDevice('online')
  await simulator.waitForStanza({ direction: 'in', tag: 'receipt', id, account: phone.phoneNumber, device: deviceId })
}

function secretsOf(sessionIdString: string): Sought[] {
  const { creds, appStateSyncKeys, preKeys } = decodeSessionId(sessionIdString)
  const seed = preKeys?.seed ?? Buffer.alloc(0)
  const keys: [string, Uint8Array][] = [
    ['noise key', creds.noiseKey.private],
    ['identity key', creds.signedIdentityKey.private],
    ['signed pre-key', creds.signedPreKey.keyPair.private],
    ['pairing key', creds.pairingEphemeralKeyPair.private],
    ['adv secret', Buffer.from(creds.advSecretKey, 'base64')],
    ['pre-key seed', seed],
    ['first pre-key', derivePreKey(seed, 1).private],
    ...Object.values(appStateSyncKeys).map(({ keyData }): [string, Uint8Array] => [
      'app-state key',
      keyData ?? Buffer.alloc(0),
    ]),
  ]
  expect(keys.length).toBeGreaterThan(7)
  const body = sessionIdString.slice('WHIZLITE_'.length)
  return [
    ...keys.map(([name, bytes]) => sought(name, bytes)),
    // pieces: a part of it would be bad enough
    ...[0, 300, 600].map(start => sought(`session ID string from ${start}`, body.slice(start, start + 60))),
  ]
}

function qrSecrets(qr: string): Sought[] {
  const [ref = '', , , advSecret = ''] = qr.split(',')
  return [sought('the code', qr), sought('the code’s ref', ref.slice(-40)), sought('the code’s secret', advSecret)]
}

function cookieSecret(visitor: Visitor): Sought {
  return sought('the cookie', visitor.cookie?.split('=')[1] ?? '')
}

describe('the search finds what was planted', () => {
  test('in a row, in every form it could have, in the dump, the data files and the WAL', async () => {
    await database.client.query('create table public.planted (form text, value bytea)')
    for (const { form, bytes } of planted.needles) {
      await database.client.query('insert into public.planted values ($1, $2)', [form, bytes])
    }
    await database.client.query('insert into public.planted values ($1, null)', [`planted-${mark}`])
    await database.writeOut()
    const inDump = (await database.dump()).flatMap(({ table, text }) => find([planted], text).map(() => table))
    expect(new Set(inDump)).toEqual(new Set(['public.planted']))
    const found = findInFolder([planted], dataDir)
    for (const { form } of planted.needles) {
      for (const place of ['base', 'pg_wal']) {
        const expected = expect.stringMatching(
          new RegExp(`as ${form.replace('+', '\\+')} in postgres/cluster/${place}/`),
        )
        expect(found).toContainEqual(expected)
      }
    }
  })

  test('in an event', async () => {
    await database.client.query(
      `insert into whizlite.event_log (workspace_id, seq, event, data) select id, 1000000, $1, '\\x00' from whizlite.workspaces`,
      [`planted-${mark}`],
    )
    const events = (await database.dump()).find(({ table }) => table === 'whizlite.event_log')
    expect(find([planted], events?.text ?? '')).toContain('the planted text as raw')
    await database.client.query('delete from whizlite.event_log where seq = 1000000')
  })

  test('in what the gateway printed, on both streams', () => {
    const lines = output.split('\n').filter(line => find([planted], line).length > 0)
    expect(lines.some(line => line.startsWith('{'))).toBe(true)
    expect(lines.some(line => line.startsWith('WHIZ LITE is ready'))).toBe(true)
  })

  test('in an answer that refuses a request', () => {
    expect(find([planted], errorAnswers.join('\n'))).toContain('the planted text as raw')
  })
})

describe('no secret of two whole links is found', () => {
  test('in a dump of the database', async () => {
    const dump = await database.dump()
    expect(dump.filter(({ text }) => text !== '').length).toBeGreaterThan(10)
    for (const { table, text } of dump) {
      expect(find(secrets, text), table).toEqual([])
      expect(text, table).not.toMatch(/privKey|rootKey|noiseKey|advSecret|keyData/)
    }
  })

  test('in any file of the data folder', async () => {
    await database.writeOut()
    expect(findInFolder(secrets, dataDir, ['/session-secret', '/service-token'])).toEqual([])
  }, 120_000)

  test('in what the gateway printed', () => {
    expect(output).toContain('session_linked')
    expect(find(secrets, output)).toEqual([])
    expect(output).not.toMatch(/privKey|rootKey|noiseKey|advSecret|keyData/)
  })

  test('in answers that refuse, in events, in what is told of an attempt that is finished', () => {
    expect(eventsHeard.length).toBeGreaterThan(10)
    expect(find(secrets, errorAnswers.join('\n'))).toEqual([])
    const withoutCodes = eventsHeard.filter(text => !text.includes('"qr_code"'))
    expect(find(secrets, withoutCodes.join('\n'))).toEqual([])
  })
})
