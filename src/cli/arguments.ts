import { parseArgs } from 'node:util'
import { UsageError } from './cli-error.js'
import type { Command, Given } from './command.js'

/** Longer words are no names of files, numbers or ids: most likely a session ID, which must not be repeated. */
const longestWord = 255

/**
 * @throws UsageError with one sentence, which never repeats a value
 */
export function parseArguments({ name, options, operands, askedFor = [] }: Command, words: readonly string[]): Given {
  const { values, positionals } = parse(withEmptyTexts(words, askedFor), options)
  if ([...positionals, ...Object.values(values)].some(looksSecret)) {
    throw new UsageError(
      'A session ID must not be written into the command: other users and the shell’s history see it.',
      'Put it into a file that only you can read, or pipe it in. Remove that line from your shell’s history.',
    )
  }
  const needed = operands.filter(operand => !operand.startsWith('['))
  if (positionals.length < needed.length)
    throw new UsageError(`whizlite ${name} needs ${needed[positionals.length] ?? ''}.`)
  if (positionals.length > operands.length)
    throw new UsageError(`whizlite ${name} takes ${operands.length === 0 ? 'options only' : 'fewer words'}.`)
  return {
    operands: positionals,
    text: option => {
      const value = values[option]
      return typeof value === 'string' ? value : null
    },
    has: option => values[option] === true,
  }
}

/** An option that stands alone gets an empty text, which Node's parser wants to see written. */
function withEmptyTexts(words: readonly string[], askedFor: readonly string[]): string[] {
  return words.map((word, index) => {
    const next = words[index + 1]
    const alone = next === undefined || next.startsWith('-')
    return alone && askedFor.some(option => word === `--${option}`) ? `${word}=` : word
  })
}

function parse(words: readonly string[], options: Command['options']) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(sentenceOf(error, words, options))
  }
}

/** Node's own messages quote what was written. */
function sentenceOf(error: unknown, words: readonly string[], options: Command['options']): string {
  const { code } = error as { code?: unknown }
  const flags = words
    .filter(word => /^--?[A-Za-z][A-Za-z-]{0,30}(=|$)/.test(word))
    .map(word => word.split('=', 1)[0] ?? '')
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    const wrong = flags.find(flag => flag.slice(2) in options)
    return wrong === undefined
      ? 'An option lacks its value.'
      : `${flags.length === 1 ? wrong : 'An option'} has no value, or one that it does not take.`
  }
  const unknown = flags.find(flag => !(flag.slice(2) in options))
  return unknown === undefined
    ? 'There is an option that this command does not know.'
    : `There is no option ${unknown}.`
}

function looksSecret(word: unknown): boolean {
  return typeof word === 'string' && (word.length > longestWord || /^WHIZLITE_\S{12}/.test(word))
}
