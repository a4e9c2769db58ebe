/**
 * Text of somebody else (a name, a server's sentence) as it may go to a terminal: without control characters, which a terminal obeys,
 * and without marks that turn the direction of what follows.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ').trim()
}

/** Lines of at most `columns` characters, broken between words; a longer word is cut. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap(part => pieces(part, columns))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function pieces(word: string, length: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / length))
  return Array.from({ length: count }, (_, index) => word.slice(index * length, (index + 1) * length))
}
