import type { LinkMode, LinkPhase } from '../../contract/linking.js'
import type { SessionState } from '../../contract/sessions.js'

type Stage = { step: 1 | 2 | 3; percent: number; state: SessionState }

/** What each phase shows. Percent never falls along a life that succeeds. */
const stages: Record<LinkPhase, Stage> = {
  queued: { step: 1, percent: 0, state: 'linking' },
  starting: { step: 1, percent: 5, state: 'linking' },
  scanning: { step: 1, percent: 15, state: 'linking' },
  scanned: { step: 2, percent: 45, state: 'linking' },
  preparing: { step: 2, percent: 65, state: 'connected' },
  delivering: { step: 2, percent: 85, state: 'connected' },
  complete: { step: 3, percent: 100, state: 'handed_off' },
  expired: { step: 1, percent: 0, state: 'expired' },
  cancelled: { step: 1, percent: 0, state: 'disconnected' },
  failed: { step: 1, percent: 0, state: 'disconnected' },
}

/** Where an attempt may go from each phase. Ends are final. */
const next: Record<LinkPhase, readonly LinkPhase[]> = {
  queued: ['starting', 'expired', 'cancelled', 'failed'],
  starting: ['scanning', 'expired', 'cancelled', 'failed'],
  scanning: ['scanned', 'expired', 'cancelled', 'failed'],
  scanned: ['preparing', 'expired', 'cancelled', 'failed'],
  preparing: ['delivering', 'complete', 'cancelled', 'failed'],
  delivering: ['complete', 'cancelled', 'failed'],
  complete: [],
  expired: [],
  cancelled: [],
  failed: [],
}

export const endedPhases = ['complete', 'expired', 'cancelled', 'failed'] as const satisfies readonly LinkPhase[]

/** Before promotion an attempt is nothing but its staging record: it can be thrown away whole. */
export const stagedPhases = ['queued', 'starting', 'scanning', 'scanned'] as const satisfies readonly LinkPhase[]

export function hasEnded(phase: LinkPhase): boolean {
  return next[phase].length === 0
}

export function mayMove(from: LinkPhase, to: LinkPhase): boolean {
  return next[from].includes(to)
}

export function stageOf(phase: LinkPhase, mode: LinkMode): Stage {
  return phase === 'complete' && mode === 'managed' ? { ...stages.complete, state: 'connected' } : stages[phase]
}

/** Phases that may lead to `to`; a store moves a row only from one of them. */
export function phasesBefore(to: LinkPhase): LinkPhase[] {
  return (Object.keys(next) as LinkPhase[]).filter(from => next[from].includes(to))
}
