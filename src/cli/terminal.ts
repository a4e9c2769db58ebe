/** Characters that fit into the window of a terminal. */
export type WindowSize = { columns: number; rows: number }

/** Where a command's words go. */
export interface Terminal {
  write(text: string): void
  writeError(text: string): void
  /** `null` when standard output is no terminal that can be drawn on. */
  size(): WindowSize | null
  /** @returns a function that ends the listening */
  onResize(listener: () => void): () => void
  /** Whether standard output takes colours. */
  readonly colour: boolean
}

/** The streams of a process. `NO_COLOR` (no-color.org) and `TERM=dumb` are respected. */
export function processTerminal(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  // whoever reads may be gone, as after `| head`; that is no failure of the command
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  const drawable = stdout.isTTY && env['TERM'] !== 'dumb'
  return {
    write: text => void stdout.write(text),
    writeError: text => void stderr.write(text),
    // some terminals, such as those of a build server, say that they have no size
    size: () => (drawable ? { columns: stdout.columns || 80, rows: stdout.rows || 24 } : null),
    onResize(listener) {
      stdout.on('resize', listener)
      return () => stdout.off('resize', listener)
    },
    colour: drawable && (env['NO_COLOR'] ?? '') === '',
  }
}

/** Emphasis that is left out where colours are not wanted. */
export type Style = {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

export function styleOf({ colour }: Pick<Terminal, 'colour'>): Style {
  const sgr = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) }
}
