import { PNG } from 'pngjs'
import type { CliContext } from '../../src/cli/command.js'
import { runCli } from '../../src/cli/run-cli.js'
import type { Terminal, WindowSize } from '../../src/cli/terminal.js'

export type CliTerminalOptions = {
  /** `null`: the output is no terminal. */
  window?: WindowSize | null
  colour?: boolean
  env?: Record<string, string>
  folder?: string
  /** What is piped in. */
  piped?: string
  /** What the person at the terminal answers, one after the other; without, nobody sits there. */
  answers?: string[]
}

/** A terminal that remembers what was written, and the command that runs in it. */
export class CliTerminal implements Terminal {
  readonly colour: boolean
  output = ''
  errors = ''
  window: WindowSize | null
  /** What the person was asked. */
  readonly questions: string[] = []
  readonly #options: CliTerminalOptions
  readonly #interrupted = new AbortController()
  readonly #resized = new Set<() => void>()

  constructor(options: CliTerminalOptions = {}) {
    const { window = { columns: 80, rows: 50 }, colour = window !== null } = options
    this.window = window
    this.colour = colour
    this.#options = options
  }

  write(text: string): void {
    this.output += text
  }

  writeError(text: string): void {
    this.errors += text
  }

  size(): WindowSize | null {
    return this.window
  }

  onResize(listener: () => void): () => void {
    this.#resized.add(listener)
    return () => this.#resized.delete(listener)
  }

  resize(window: WindowSize): void {
    this.window = window
    for (const listener of this.#resized) listener()
  }

  /** Whoever listens to the window's size still. */
  get listeners(): number {
    return this.#resized.size
  }

  pressCtrlC(): void {
    this.#interrupted.abort()
  }

  run(...words: string[]): Promise<number> {
    const { env = {}, folder = '/', piped = '', answers = [] } = this.#options
    const ask = async (question: string): Promise<string> => {
      this.questions.push(question)
      return answers.shift() ?? ''
    }
    const context: CliContext = {
      terminal: this,
      input: { interactive: answers.length > 0, ask, askSecret: ask, readAll: async () => piped },
      env,
      folder,
      takeInterrupts: () => this.#interrupted.signal,
    }
    return runCli(words, context)
  }

  /** Both streams, without colours. */
  get told(): string {
    return (this.output + this.errors).replaceAll(sequences, '')
  }

  /** The lines of the newest drawing, without colours. */
  frame(): string[] {
    const newest = this.output.split('\u001b[H').at(-1) ?? ''
    return newest.replaceAll(sequences, '').split('\r\n')
  }
}

// oxlint-disable-next-line no-control-regex -- what terminals obey begins with one
const sequences = /\u001b\[[?\d;]*[A-Za-z]/g

/** A photograph of a terminal: half blocks as black and white pixels, four for each half of a cell. */
export function photograph(lines: readonly string[], { inkIsDark = true } = {}): Buffer {
  const art = lines.filter(line => /^[█▀▄ ]{29,}$/.test(line))
  const scale = 4
  const width = (art[0]?.length ?? 0) * scale
  const height = art.length * 2 * scale
  const png = new PNG({ width, height })
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const row = Math.floor(y / scale)
      const cell = art[Math.floor(row / 2)]?.[Math.floor(x / scale)] ?? ' '
      const inked = cell === '█' || cell === (row % 2 === 0 ? '▀' : '▄')
      png.data.fill(inked === inkIsDark ? 0 : 255, (y * width + x) * 4, (y * width + x) * 4 + 3)
      png.data[(y * width + x) * 4 + 3] = 255
    }
  }
  return PNG.sync.write(png)
}
