import type { GatewayEvent } from '../../contract/events.js'
import type { SessionId } from '../../contract/ids.js'
import type { LinkMethod, LinkMode, LinkPhase } from '../../contract/linking.js'
import { stageOf } from './link-phase.js'

type Progress = Extract<GatewayEvent, { event: 'progress' }>

/** What a link is and stays: what happens after it, and how the phone is asked. */
export type LinkKind = { mode: LinkMode; method: LinkMethod }

/** The public word for each phase. A hand-over has no backup to set up. */
function publicStatus(phase: LinkPhase, mode: LinkMode): Progress['data']['status'] {
  if (phase === 'complete') return 'complete'
  if (phase === 'queued' || phase === 'starting' || phase === 'scanning') return 'scanning'
  return mode === 'managed' && phase === 'delivering' ? 'backup_setup' : 'connected'
}

export function progress(sessionId: SessionId, phase: LinkPhase, { mode, method }: LinkKind): Progress {
  const { step, percent } = stageOf(phase, mode)
  return { event: 'progress', data: { sessionId, status: publicStatus(phase, mode), method, step, percent } }
}
