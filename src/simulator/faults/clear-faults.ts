import type { Fault } from './fault.js'
import { momentParam } from './target.js'

/** Forgets faults that wait for their moment, of one moment or all, and lets upgrades through. Params: at. */
export const clearFaults: Fault = (deps, params) => {
  const { at } = params
  deps.incidents.clear(at === undefined ? undefined : momentParam(at))
  if (at === undefined) deps.answerUpgrades(undefined)
}
