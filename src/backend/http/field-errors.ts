import type { ZodError } from 'zod'
import { GatewayError } from '../errors.js'

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

export function fieldsAtFault(fields: readonly { path: string; message: string }[]): GatewayError {
  return new GatewayError({
    code: 'validation_failed',
    status: 400,
    message: 'Some fields are not as they should be.',
    action: 'Correct the fields listed under "errors".',
    fields,
  })
}

function jsonPath(path: readonly PropertyKey[]): string {
  const text = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.startsWith('.') ? text.slice(1) : text
}
