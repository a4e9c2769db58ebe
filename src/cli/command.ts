import type { ParseArgsConfig } from 'node:util'
import type { Input } from './input.js'
import type { Terminal } from './terminal.js'

/** What a command may use of the process it runs in. */
export type CliContext = {
  terminal: Terminal
  input: Input
  env: Readonly<Record<string, string | undefined>>
  /** The working folder. */
  folder: string
  /** From here on a first Ctrl-C (or another request to stop) aborts the signal; a second one ends the process. */
  takeInterrupts(): AbortSignal
}

export type Options = NonNullable<ParseArgsConfig['options']>

/** What was written behind the command's name. */
export type Given = {
  operands: readonly string[]
  text(option: string): string | null
  has(option: string): boolean
}

/** @returns the exit code */
export type RunCommand = (context: CliContext, given: Given) => Promise<number>

export type Command = {
  /** One or two words, such as `session inspect`. */
  name: string
  summary: string
  /** Everything behind `whizlite`. */
  usage: string
  /** What `--help` tells below the usage. */
  details: string
  options: Options
  /** Those of the options with a text that may stand without one: it is asked for then, and `text` gives an empty one. */
  askedFor?: readonly string[]
  /** Names of the words that are no options; a name in brackets may be left out. */
  operands: readonly string[]
  /** Loaded when it is called: the session commands need Baileys, which takes its time. */
  load(): Promise<RunCommand>
}

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const
