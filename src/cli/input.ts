import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CliError } from './cli-error.js'

/** What is typed or piped into a command. */
export interface Input {
  /** Whether a person can be asked. */
  readonly interactive: boolean
  /** One line typed in answer. @throws CliError when the input ends before */
  ask(question: string): Promise<string>
  /** The same without showing what is typed or pasted. */
  askSecret(question: string): Promise<string>
  /** Everything up to the end. @throws CliError when there is more than `limit` bytes */
  readAll(limit: number): Promise<string>
}

/** @param echo where questions go: not standard output, which may be read by a program */
export function processInput(stdin: NodeJS.ReadStream, echo: NodeJS.WriteStream): Input {
  const line = async (question: string, output: Writable): Promise<string> => {
    const reader = createInterface({ input: stdin, output, terminal: true })
    const ended = new AbortController()
    reader.once('close', () => ended.abort())
    // raw mode keeps the terminal from turning Ctrl-C into a signal
    reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    try {
      return await reader.question(question, { signal: ended.signal })
    } catch {
      throw new CliError('The input ended before the question was answered.')
    } finally {
      reader.close()
    }
  }
  return {
    interactive: stdin.isTTY && echo.isTTY,
    ask: question => line(question, echo),
    async askSecret(question) {
      echo.write(question)
      try {
        return await line('', new Writable({ write: (_chunk, _encoding, done) => done() }))
      } finally {
        echo.write('\n')
      }
    },
    readAll: limit => readUpTo(stdin, limit),
  }
}

/** @throws CliError when there is more than `limit` bytes */
export async function readUpTo(stream: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    length += bytes.length
    if (length > limit) throw new CliError('The input is far longer than a session ID.', 'Give the session ID alone.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
