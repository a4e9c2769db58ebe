import { boundedConnects } from './bounded-connects.js'
import type { Finding, History } from './history.js'
import { keptCredentials } from './kept-credentials.js'
import type { Limits } from './limits.js'
import { noFights } from './no-fights.js'
import { noLeaks } from './no-leaks.js'
import { nothingLost } from './nothing-lost.js'
import { oneOwner } from './one-owner.js'
import { oneValuePerKey } from './one-value-per-key.js'
import { shownState } from './shown-state.js'
import { trueAnswers } from './true-answers.js'

/** Everything that the recorded history says is wrong (reliability 5.4), oldest first. */
export function check(history: History, limits: Limits): Finding[] {
  return [
    nothingLost,
    oneOwner,
    oneValuePerKey,
    keptCredentials,
    boundedConnects,
    noFights,
    shownState,
    trueAnswers,
    noLeaks,
  ]
    .flatMap(invariant => invariant(history, limits))
    .toSorted((a, b) => a.at - b.at)
}

/** One finding, as a person reads it. */
export const tell = ({ invariant, session, at, what }: Finding): string =>
  `${new Date(at).toISOString()} ${invariant}${session === null ? '' : ` of ${session}`}: ${what}`
