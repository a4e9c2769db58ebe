import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CliTerminal, type CliTerminalOptions } from '../../../tests/support/cli-terminal.js'
import { encodeSessionId, type SessionSource } from '../../session/index.js'
import { linkedSource } from '../../session/session-id.fixture.js'

let folder: string
let source: SessionSource

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whizlite-inspect-'))
  source = linkedSource()
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function inspect(piped: string, words: string[] = [], options: CliTerminalOptions = {}) {
  const terminal = new CliTerminal({ window: null, folder, piped, ...options })
  const code = await terminal.run('session', 'inspect', ...words)
  return { code, output: terminal.output, errors: terminal.errors, told: terminal.told, questions: terminal.questions }
}

/** Everything that makes the string worth stealing, in the forms it could be printed in. */
function secretsOf({ creds, appStateSyncKeys, preKeys }: SessionSource, text: string): string[] {
  const bytes = [
    creds.noiseKey.private,
    creds.signedIdentityKey.private,
    creds.signedPreKey.keyPair.private,
    creds.pairingEphemeralKeyPair.private,
    Buffer.from(creds.advSecretKey, 'base64'),
    preKeys?.seed ?? Buffer.alloc(0),
    ...Object.values(appStateSyncKeys).map(({ keyData }) => keyData ?? Buffer.alloc(0)),
  ].map(value => Buffer.from(value))
  const written = bytes.flatMap(value =>
    (['hex', 'base64', 'base64url'] as const).map(form => value.toString(form).slice(0, 12)),
  )
  const pieces = [text.slice(9, 25), text.slice(400, 416)].filter(piece => piece.length === 16)
  return [...written, ...pieces]
}

describe('whizlite session inspect', () => {
  test('tells what is inside and not a byte of it', async () => {
    const text = encodeSessionId(source)
    const { code, output, errors } = await inspect(`\n ${text} \n`, ['-'])
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    for (const line of [
      /^Format +compact, version 1$/m,
      new RegExp(`^Size +${text.length} characters$`, 'm'),
      /^Checksum +ok$/m,
      /^Number +\+254700000001$/m,
      /^LID +183000000000001:7@lid$/m,
      /^Device +number 7$/m,
      /^Name +Wanjirũ 🌍$/m,
      /^Phone +android$/m,
      /^Pre-key seed +inside, 4 keys used up$/m,
      /^App-state keys +2 inside$/m,
      /^LID mapping +inside$/m,
    ])
      expect(output).toMatch(line)
    for (const secret of secretsOf(source, text)) expect(output).not.toContain(secret)
  })

  test('reads a file, asks unseen on a terminal, and takes the prefix of another gateway', async () => {
    const text = encodeSessionId(source, { prefix: 'ACME_' })
    writeFileSync(join(folder, 'id.txt'), `\ufeff${text}\n`)
    expect(await inspect('', ['id.txt', '--prefix', 'ACME_'])).toMatchObject({ code: 0 })
    expect(await inspect(text, [], { env: { SESSION_ID_PREFIX: 'ACME_' } })).toMatchObject({ code: 0 })
    const asked = await inspect('', [], { answers: [text], env: { SESSION_ID_PREFIX: 'ACME_' } })
    expect(asked).toMatchObject({ code: 0, questions: ['Paste the session ID and press Enter (it is not shown): '] })
    expect(asked.told).not.toContain(text.slice(10, 40))
  })

  test.each(['json', 'base64'] as const)('tells the plain form %s apart, which has no checksum', async form => {
    const json = encodeSessionId(source, { format: 'json' })
    const text = form === 'json' ? json : `WHIZLITE_${Buffer.from(json.slice(9)).toString('base64')}`
    const { code, output } = await inspect(text, ['--json'])
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({
      form,
      version: null,
      checksum: 'none',
      account: { number: '254700000001', device: 7 },
      contents: { preKeySeed: false, usedPreKeyIds: 0, appStateKeys: 0 },
    })
    for (const secret of secretsOf(source, text)) expect(output).not.toContain(secret)
  })

  test('the JSON says the same for programs', async () => {
    const text = encodeSessionId(source)
    expect(JSON.parse((await inspect(text, ['--json'])).output)).toEqual({
      form: 'compact',
      version: 1,
      characters: text.length,
      checksum: 'ok',
      account: {
        number: '254700000001',
        lid: '183000000000001:7@lid',
        device: 7,
        name: 'Wanjirũ 🌍',
        phone: 'android',
      },
      contents: { preKeySeed: true, usedPreKeyIds: 4, appStateKeys: 2, lidMapping: true },
    })
  })

  test('a name cannot command the terminal', async () => {
    const { me } = source.creds
    const named = { ...source, creds: { ...source.creds, ...(me && { me: { ...me, name: 'A\u001b]0;x\u0007B' } }) } }
    expect((await inspect(encodeSessionId(named))).output).not.toMatch(/(?!\n)\p{Cc}/u)
  })
})

describe('what is no usable session ID is told with the reason and what to do', () => {
  const changed = (text: string): string => text.slice(0, 200) + (text[200] === 'A' ? 'B' : 'A') + text.slice(201)

  test.each<[string, (text: string) => string, string, string]>([
    ['one sign changed', changed, 'is damaged or incomplete', 'corrupt'],
    ['the end is missing', text => text.slice(0, -20), 'is damaged or incomplete', 'corrupt'],
    [
      'another prefix',
      text => text.replace('WHIZLITE', 'OTHER'),
      'does not start with the expected prefix',
      'wrong_prefix',
    ],
    ['a newer format', text => `WHIZLITE_Ag${text.slice(11)}`, 'made by a newer version', 'unsupported_version'],
    ['other JSON', () => 'WHIZLITE_{"a":1}', 'holds no usable WhatsApp credentials', 'not_a_session'],
    ['far too long', text => text + 'A'.repeat(4000), 'longer than allowed', 'too_long'],
  ])('%s', async (_, spoil, sentence, reason) => {
    const text = spoil(encodeSessionId(source))
    const { code, output, errors } = await inspect(text)
    expect({ code, output }).toEqual({ code: 1, output: '' })
    expect(errors).toContain(sentence)
    expect(errors.split('. ').length).toBeGreaterThan(1)
    const json = await inspect(text, ['--json'])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.output)).toMatchObject({ error: { code: reason, action: expect.any(String) } })
    for (const secret of secretsOf(source, text)) expect(errors + json.told).not.toContain(secret)
  })

  test('an empty input, a missing file and a folder are told', async () => {
    expect((await inspect(' \n')).errors).toContain('There is no session ID in the input.')
    expect((await inspect('', ['missing.txt'])).errors).toContain('There is no such file.')
    expect((await inspect('', ['.'])).errors).toContain('That is a folder.')
    writeFileSync(join(folder, 'big'), Buffer.alloc(1_100_000, 'a'))
    expect((await inspect('', ['big'])).errors).toContain('far longer than a session ID')
  })
})
