import type { Command } from './command.js'

/** The overview of `whizlite help`. */
export function overview(commands: readonly Command[]): string {
  const rows: [string, string][] = [
    ...commands.map(({ name, summary }): [string, string] => [name, summary]),
    ['help [COMMAND]', 'this, or everything about one command; the same as --help'],
    ['--version', 'the version of this package'],
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const list = rows.map(([name, summary]) => `  ${name.padEnd(width)}${summary}`).join('\n')
  return `whizlite COMMAND [OPTIONS]\n\n${list}\n`
}

/** `--help` of one command. */
export function helpOf({ usage, summary, details }: Command): string {
  return `whizlite ${usage}\n\n${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.\n\n${details}\n`
}

/** The one line that goes with a mistake. */
export function usageOf({ usage }: Command): string {
  return `Usage: whizlite ${usage}\n`
}
