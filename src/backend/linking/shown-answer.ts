import type { LinkAttemptView, LinkPhase, StartLinkAnswer } from '../../contract/linking.js'
import type { SessionId } from '../../contract/ids.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { attemptNotFound, attemptRunning, startFailed } from './errors.js'
import type { LinkAttempt } from './link-attempt.js'
import { hasEnded } from './link-phase.js'
import { isLinkReason } from './link-reasons.js'
import { qrPicture } from './qr-picture.js'

/** Longest wait for what another node is to show: its own limits end an attempt that shows nothing sooner. */
const patienceMs = 30_000

const beforeAcceptance: readonly LinkPhase[] = ['queued', 'starting', 'scanning']

/** What an attempt of this node has to show, as soon as there is something. */
export async function shownHere(sessionId: SessionId, attempt: LinkAttempt): Promise<StartLinkAnswer> {
  const shown = await attempt.shown()
  if (shown === null) throw attemptRunning()
  if ('end' in shown) throw startFailed(shown.end.reason, shown.end.retryAfterMs)
  return 'qr' in shown ? { sessionId, qrCode: await qrPicture(shown.qr) } : { sessionId, pairingCode: shown.code }
}

/**
 * What an attempt shows that runs on another node, or waits in the queue: read again whenever its event log grows.
 * @param view the attempt's view; throws when it is not the visitor's
 */
export async function shownElsewhere(
  wakeups: EventWakeups,
  sessionId: SessionId,
  view: () => Promise<LinkAttemptView>,
): Promise<StartLinkAnswer> {
  const deadline = AbortSignal.timeout(patienceMs)
  let grown = false
  let wake = () => {}
  const onGrowth = () => {
    grown = true
    wake()
  }
  const unsubscribe = wakeups.subscribe(sessionId, onGrowth)
  deadline.addEventListener('abort', onGrowth)
  try {
    for (;;) {
      grown = false
      const { qrCode, pairingCode, queuePosition, phase, reason } = await view()
      if (qrCode !== undefined) return { sessionId, qrCode }
      if (pairingCode !== undefined) return { sessionId, pairingCode }
      if (queuePosition !== undefined) return { sessionId, queuePosition }
      if (hasEnded(phase)) throw reason && isLinkReason(reason.code) ? startFailed(reason.code) : attemptNotFound()
      if (!beforeAcceptance.includes(phase) || deadline.aborted) throw attemptRunning()
      if (!grown) await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    unsubscribe()
    deadline.removeEventListener('abort', onGrowth)
  }
}
