import { SimulatorError } from '../errors.js'

/** Parameters of one call, as they came out of JSON. */
export type Params = Record<string, unknown>

/** One verb of the control channel. */
export type Method = (params: Params) => Promise<unknown>

function wrong(name: string, kind: string): SimulatorError {
  return new SimulatorError('bad_request', `${name} must be ${kind}`)
}

export function text(params: Params, name: string): string {
  const value = params[name]
  if (typeof value !== 'string') throw wrong(name, 'a string')
  return value
}

export function number(params: Params, name: string): number {
  const value = params[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name, 'a number')
  return value
}

/** `undefined` when absent, otherwise checked by `read`. */
export function optional<T>(read: (params: Params, name: string) => T, params: Params, name: string): T | undefined {
  return params[name] === undefined || params[name] === null ? undefined : read(params, name)
}

export function oneOf<T extends string>(params: Params, name: string, choices: readonly T[]): T {
  const found = choices.find(choice => choice === params[name])
  if (found === undefined) throw wrong(name, `one of ${choices.join(', ')}`)
  return found
}

/** A JSON object whose shape is the callee's business. */
export function object(params: Params, name: string): Params {
  const value = params[name] ?? {}
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, 'an object')
  return { ...value }
}
