import type { SimulatorControl } from '../control-surface.js'
import { number, oneOf, optional, text, type Method, type Params } from './values.js'

const ENDINGS = ['stream-error', 'reset', 'mixed'] as const

/** Those of the values that were given: what is absent must stay absent. */
function present<T extends object>(values: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names and values are those of `values`
  return Object.fromEntries(given) as { [Name in keyof T]?: NonNullable<T[Name]> }
}

/** Verbs about connections and the doors they come in by. */
export function connectionMethods(simulator: SimulatorControl): [string, Method][] {
  const restart = (params: Params) => ({
    forMs: optional(number, params, 'forMs'),
    how: optional((held, name) => oneOf(held, name, ENDINGS), params, 'how'),
  })
  return [
    [
      'seedDevices',
      params => {
        const words = {
          firstNumber: optional(text, params, 'firstNumber'),
          firstContact: optional(text, params, 'firstContact'),
        }
        const numbers = { contacts: optional(number, params, 'contacts'), preKeys: optional(number, params, 'preKeys') }
        return simulator.seedDevices({ count: number(params, 'count'), ...present({ ...words, ...numbers }) })
      },
    ],
    [
      'connections',
      params => {
        const device = optional(number, params, 'device')
        return simulator.connections(present({ account: optional(text, params, 'account'), device }))
      },
    ],
    [
      'watchOwners',
      params => simulator.watchOwners(present({ heardWithinMs: optional(number, params, 'heardWithinMs') })),
    ],
    ['restartFrontEnd', params => simulator.restartFrontEnd(number(params, 'frontEnd'), present(restart(params)))],
    [
      'restartAll',
      params => {
        const staggerMs = optional(number, params, 'staggerMs')
        return simulator.restartAll(present({ ...restart(params), staggerMs }))
      },
    ],
  ]
}
