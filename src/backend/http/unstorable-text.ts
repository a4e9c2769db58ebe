/**
 * Finds text with a NUL, which PostgreSQL refuses, or with half a character, which UTF-8 would turn into another.
 * @param value of JSON, a few levels deep
 * @returns the path of the first, such as `items[2].id`; null: there is none
 */
export function unstorableText(value: unknown, path = ''): string | null {
  if (typeof value === 'string') return value.includes('\0') || /\p{Cs}/u.test(value) ? path : null
  if (typeof value !== 'object' || value === null) return null
  for (const [name, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    const found = unstorableText(inner, place)
    if (found !== null) return found
  }
  return null
}
