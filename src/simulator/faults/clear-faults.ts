import type { Fault } from './fault.js'
import { momentParam } from './target.js'

/**
 * Forgets faults that wait for their moment, of one moment or all; with all of them what was to happen to devices, and lets upgrades
 * through. Params: at.
 */
export const clearFaults: Fault = (deps, params) => {
  const { at } = params
  deps.incidents.clear(at === undefined ? undefined : momentParam(at))
  if (at !== undefined) return
  deps.answerUpgrades(undefined)
  deps.rejections.clear()
  for (const person of deps.accounts.all()) {
    person.appState.endless.clear()
    person.appState.snapshots.clear()
    for (const companion of person.companions.values()) companion.calm()
  }
}
