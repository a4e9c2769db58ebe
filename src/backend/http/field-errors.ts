import type { ZodError } from 'zod'

/** An answer must not grow with what somebody sends. */
const mostShown = 20

/** Fields at fault as JSON paths (`items[2].id`), in words that never repeat the value. */
export function fieldErrors(error: ZodError): { path: string; message: string }[] {
  const faults = error.issues.flatMap(issue => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(key => ({
        path: jsonPath([...issue.path, key.slice(0, 64)]),
        message: 'is not a known field',
      }))
    }
    return [{ path: jsonPath(issue.path), message: issue.message }]
  })
  return faults.slice(0, mostShown)
}

function jsonPath(path: readonly PropertyKey[]): string {
  const text = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.startsWith('.') ? text.slice(1) : text
}
