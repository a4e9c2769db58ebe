import type { RestartOptions, SimulatorControl } from '../control-surface.js'
import { number, oneOf, optional, text, type Method, type Params } from './values.js'

const ENDINGS = ['stream-error', 'reset', 'mixed'] as const

function restartOptions(params: Params): RestartOptions {
  return {
    forMs: optional(number, params, 'forMs'),
    how: optional((held, name) => oneOf(held, name, ENDINGS), params, 'how'),
  }
}

/** Verbs about connections and the doors they come in by. */
export function connectionMethods(simulator: SimulatorControl): [string, Method][] {
  return [
    [
      'seedDevices',
      params =>
        simulator.seedDevices({
          count: number(params, 'count'),
          firstNumber: optional(text, params, 'firstNumber'),
          contacts: optional(number, params, 'contacts'),
          firstContact: optional(text, params, 'firstContact'),
          preKeys: optional(number, params, 'preKeys'),
        }),
    ],
    [
      'connections',
      params =>
        simulator.connections({
          account: optional(text, params, 'account'),
          device: optional(number, params, 'device'),
        }),
    ],
    ['watchOwners', params => simulator.watchOwners({ heardWithinMs: optional(number, params, 'heardWithinMs') })],
    ['restartFrontEnd', params => simulator.restartFrontEnd(number(params, 'frontEnd'), restartOptions(params))],
    [
      'restartAll',
      params => simulator.restartAll({ ...restartOptions(params), staggerMs: optional(number, params, 'staggerMs') }),
    ],
  ]
}
