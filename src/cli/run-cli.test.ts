import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CliTerminal } from '../../tests/support/cli-terminal.js'
import { commands } from './commands.js'

const pretended = `WHIZLITE_${'AbC9'.repeat(60)}`

async function run(...words: string[]): Promise<CliTerminal & { code: number }> {
  const terminal = new CliTerminal({ window: null })
  const code = await terminal.run(...words)
  return Object.assign(terminal, { code })
}

describe('help', () => {
  test('names every command', async () => {
    for (const words of [['help'], ['--help'], ['-h']]) {
      const { code, output, errors } = await run(...words)
      expect({ code, errors }).toEqual({ code: 0, errors: '' })
      for (const { name } of commands) expect(output).toContain(name)
    }
  })

  test.each(commands.map(({ name }) => name))(
    'tells all about %s, in two spellings, within 140 columns',
    async name => {
      const words = name.split(' ')
      const { code, output } = await run(...words, '--help')
      expect(code).toBe(0)
      expect((await run('help', ...words)).output).toBe(output)
      const command = commands.find(known => known.name === name)
      for (const option of Object.keys(command?.options ?? {})) expect(output).toContain(`--${option}`)
      for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(140)
    },
  )

  test('the version is the package’s', async () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect((await run('--version')).output).toBe(`${(manifest as { version: string }).version}\n`)
  })
})

describe('a command written wrongly is answered with one sentence, its usage, and code 2', () => {
  test.each([
    [[], 'Say which command you mean.', 'whizlite COMMAND'],
    [['dance'], 'There is no command "dance".', 'whizlite COMMAND'],
    [['session'], 'There is no command "session".', 'session inspect'],
    [['help', 'dance'], 'There is no command "dance".', 'whizlite COMMAND'],
    [['link', '--loud'], 'There is no option --loud.', 'Usage: whizlite link '],
    [['link', '--code'], 'Nobody can be asked for the number here.', 'Usage: whizlite link '],
    [['link', '--code', '--insecure'], 'Nobody can be asked for the number here.', 'Usage: whizlite link '],
    [['link', '--url'], '--url has no value', 'Usage: whizlite link '],
    [['link', '--insecure=yes'], '--insecure has no value', 'Usage: whizlite link '],
    [['link', 'now'], 'whizlite link takes options only.', 'Usage: whizlite link '],
    [['link', '--code', '0712 345678'], 'The country code is missing.', 'Usage: whizlite link '],
    [['link', '--url', 'ftp://x'], '--url must be an address', 'Usage: whizlite link '],
    [['link', '--url', 'http://link.example.com'], 'Plain http to link.example.com', 'Usage: whizlite link '],
    [
      ['session', 'inspect', 'a', 'b'],
      'whizlite session inspect takes fewer words.',
      'Usage: whizlite session inspect ',
    ],
    [['session', 'inspect', '--prefix', 'a b'], 'A prefix has', 'Usage: whizlite session inspect '],
    [['session', 'take-back'], 'whizlite session take-back needs SESSION_UUID.', 'Usage: whizlite session take-back '],
    [['session', 'take-back', 'mine'], 'SESSION_UUID is the session’s id', 'Usage: whizlite session take-back '],
  ])('%j', async (words, sentence, usage) => {
    const { code, output, errors } = await run(...words)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(errors.startsWith(sentence)).toBe(true)
    expect(errors).toContain(usage)
  })

  test.each([
    [['session', 'inspect', pretended]],
    [['session', 'import', '--bot-stopped', pretended]],
    [['session', 'take-back', pretended]],
    [['session', 'take-back', '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10', '--from', pretended]],
    [['session', 'inspect', pretended.slice(0, 40)]],
    [['session', 'inspect', 'x'.repeat(300)]],
    [[pretended]],
    [['link', `--${pretended}`]],
    [['link', '--url', pretended]],
    [['session', 'inspect', '--json', '--prefix', pretended]],
  ])('a session ID among the words is not repeated (%#)', async words => {
    const { code, told } = await run(...words)
    expect(code).toBe(2)
    expect(told).not.toMatch(/AbC9|xxx/)
  })
})

test('a number that is not written into the command is asked for until it is one, or nothing is typed', async () => {
  const terminal = new CliTerminal({ window: null, answers: ['0712 345678', '+254 712 345678'] })
  expect(await terminal.run('link', '--code', '--url', 'http://127.0.0.1:9')).toBe(1)
  expect(terminal.questions).toEqual(Array(2).fill('Number of the phone, with its country code: '))
  expect(terminal.errors).toMatch(/^The country code is missing\..*\nNo gateway answers/)

  const silent = new CliTerminal({ window: null, answers: [''] })
  expect(await silent.run('link', '--url', 'http://127.0.0.1:9', '--code')).toBe(2)
  expect(silent.output).toBe('')
})

test('a problem that nobody foresaw is told without its message, which could quote anything', async () => {
  const terminal = new CliTerminal({ window: null, answers: [pretended] })
  const failing: typeof terminal.write = () => {
    throw Object.assign(new TypeError(pretended), { code: 'EPLANTED' })
  }
  terminal.write = failing
  expect(await terminal.run('link', '--url', 'http://127.0.0.1:9', '--code', '+254712345678')).toBe(1)
  expect(terminal.errors).toBe('whizlite met a problem that it does not know: TypeError EPLANTED. Please report it.\n')
})
