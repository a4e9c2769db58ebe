import type { LeaseWatch, NodeLease } from '../leases/node-lease.js'
import type { AttemptLines } from '../linking/attempt-lines.js'
import type { Sessions } from '../sessions/sessions.js'

export type StandStillDeps = {
  sessions: Pick<Sessions, 'pauseAll' | 'resumeAll' | 'abandonAll'>
  lines: Pick<AttemptLines, 'pauseAll' | 'resumeAll'>
  lease: Pick<NodeLease, 'doubt' | 'isSure'>
}

/** Every line of this node stands still while its lease is in doubt, and goes on, or is cut, once it is known what is still its own. */
export function standStill({ sessions, lines, lease }: StandStillDeps): LeaseWatch {
  return {
    onDoubt() {
      sessions.pauseAll()
      lines.pauseAll()
    },
    onSure(owned, askedAt) {
      if (!sessions.resumeAll(owned, askedAt)) lease.doubt()
      // what went on may have begun another doubt
      if (lease.isSure()) lines.resumeAll()
    },
    onReplaced: () => sessions.abandonAll(),
  }
}
