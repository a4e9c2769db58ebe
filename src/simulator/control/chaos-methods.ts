import { randomUUID } from 'node:crypto'
import type { SimulatorControl } from '../control-surface.js'
import { CHAOS_KINDS, type Chaos, type ChaosOptions } from '../chaos-control.js'
import { SimulatorError } from '../errors.js'
import { number, oneOf, optional, text, type Method, type Params } from './values.js'

/** Verbs that let random trouble begin and end. */
export function chaosMethods(simulator: SimulatorControl): [string, Method][] {
  const running = new Map<string, Chaos>()
  return [
    [
      'chaos',
      async params => {
        const chaos = await simulator.chaos(chaosOptions(params))
        const id = randomUUID()
        running.set(id, chaos)
        return { id, seed: chaos.seed }
      },
    ],
    ['chaos.acts', async params => named(running, params).acts()],
    ['chaos.stop', async params => named(running, params).stop()],
  ]
}

function named(running: Map<string, Chaos>, params: Params): Chaos {
  const chaos = running.get(text(params, 'id'))
  if (!chaos) throw new SimulatorError('bad_request', 'there is no such chaos')
  return chaos
}

function chaosOptions(params: Params): ChaosOptions {
  const { kinds } = params
  return {
    seed: optional(text, params, 'seed'),
    perSecond: optional(number, params, 'perSecond'),
    kinds: Array.isArray(kinds) ? kinds.map(kind => oneOf({ kind }, 'kind', CHAOS_KINDS)) : undefined,
  }
}
