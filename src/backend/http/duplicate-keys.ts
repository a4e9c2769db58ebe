/** Where in a text of JSON a string, a name or the end of something stands. The text must be valid: strings are told apart by that alone. */
const tokens = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}[\],]/g

type Frame = { path: string; names: Set<string> | null; index: number; last: string }

/**
 * Finds a field that an object names twice. Parsers disagree on which of the two counts, so whoever checks one may act on the other.
 * @param json valid JSON
 * @returns the path of the first such field, such as `items[2].id`; null: there is none
 */
export function duplicateKey(json: string): string | null {
  const frames: Frame[] = []
  for (const [token, text = '', colon] of json.matchAll(tokens)) {
    const frame = frames.at(-1)
    if (token === '{' || token === '[') {
      frames.push({ path: frame ? pathIn(frame) : '', names: token === '{' ? new Set() : null, index: 0, last: '' })
    } else if (token === '}' || token === ']') frames.pop()
    else if (token === ',' && frame) frame.index++
    else if (colon !== undefined && frame?.names) {
      const name = text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
      frame.last = name
      if (frame.names.has(name)) return pathIn(frame)
      frame.names.add(name)
    }
  }
  return null
}

function pathIn({ path, names, index, last }: Frame): string {
  if (names === null) return `${path}[${index}]`
  return path === '' ? last : `${path}.${last}`
}
