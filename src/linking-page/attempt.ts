import type { LinkAttemptView, LinkMode, LinkPhase } from '../contract/linking.js'
import type { StateReason } from '../contract/sessions.js'
import type { PageEvent } from './frames.js'

/** The QR on show. Times are `Date.now()` values on this computer's clock. */
export interface Qr {
  /** PNG data URL. */
  picture: string
  /** When this QR is replaced or runs out; null while the server has not said. */
  runsOutAt: number | null
  /** What the countdown ring counts as full, in milliseconds. */
  spanMs: number
}

/** One attempt as the page knows it: the newest of what was read and what was heard. */
export interface Attempt {
  sessionId: string
  mode: LinkMode
  phase: LinkPhase
  step: 1 | 2 | 3
  percent: number
  reason: StateReason | null
  qr: Qr | null
  /** When the whole attempt runs out; null once scanned or unknown. */
  expiresAt: number | null
  /** The phone accepted the QR at some time, so it may list a linked device even if the attempt ended badly. */
  phoneAccepted: boolean
}

/** WhatsApp's later QRs live about this long; a QR first seen late would otherwise start with a full ring. */
const USUAL_SPAN_MS = 20_000

/** Order of the phases. Equal ranks may follow each other either way; a lower rank never replaces a higher one. */
const RANK: Record<LinkPhase, number> = {
  queued: 0,
  starting: 0,
  scanning: 0,
  scanned: 1,
  preparing: 2,
  delivering: 3,
  complete: 4,
  expired: 4,
  cancelled: 4,
  failed: 4,
}

export function isOver(phase: LinkPhase): boolean {
  return RANK[phase] === RANK.complete
}

export function attemptFromStart(sessionId: string, picture: string, mode: LinkMode): Attempt {
  const qr: Qr = { picture, runsOutAt: null, spanMs: USUAL_SPAN_MS }
  return {
    sessionId,
    mode,
    phase: 'scanning',
    step: 1,
    percent: 0,
    reason: null,
    qr,
    expiresAt: null,
    phoneAccepted: false,
  }
}

export function attemptFromView(view: LinkAttemptView, at: number): Attempt {
  return {
    sessionId: view.sessionId,
    mode: view.mode,
    phase: view.phase,
    step: view.step,
    percent: view.percent,
    reason: view.reason,
    qr: view.phase === 'scanning' && view.qrCode ? timedQr(view.qrCode, view.qrExpiresInMs, at, null) : null,
    expiresAt: view.expiresInMs === undefined ? null : at + view.expiresInMs,
    phoneAccepted: view.step > 1 || (RANK[view.phase] >= RANK.scanned && !isOver(view.phase)),
  }
}

/** Takes a newly read view over; an answer that is older than what is already known changes nothing. */
export function withView(attempt: Attempt, view: LinkAttemptView, at: number): Attempt {
  if (RANK[view.phase] < RANK[attempt.phase]) return attempt
  const next = attemptFromView(view, at)
  const qr = next.qr && view.qrCode ? timedQr(view.qrCode, view.qrExpiresInMs, at, attempt.qr) : null
  return {
    ...next,
    qr,
    percent: Math.max(attempt.percent, next.percent),
    phoneAccepted: attempt.phoneAccepted || next.phoneAccepted,
  }
}

/** Takes a live event over; details it does not carry come with the view that is read after it. */
export function withEvent(attempt: Attempt, event: PageEvent, at: number): Attempt {
  if (event.sessionId !== attempt.sessionId || isOver(attempt.phase)) return attempt
  switch (event.event) {
    case 'qr_code':
      if (RANK[attempt.phase] > RANK.scanning) return attempt
      return { ...attempt, phase: 'scanning', qr: timedQr(event.picture, event.expiresInMs, at, attempt.qr) }
    case 'qr_scanned':
      return onward({ ...attempt, phoneAccepted: true }, 'scanned')
    case 'progress': {
      const step = event.step === 2 && attempt.step === 1 ? 2 : attempt.step
      const moved = { ...attempt, step, percent: Math.max(attempt.percent, event.percent) }
      return event.step === 2 ? onward({ ...moved, phoneAccepted: true }, 'preparing') : moved
    }
    case 'complete':
      return { ...onward(attempt, 'complete'), step: 3, percent: 100, reason: null, phoneAccepted: true }
    case 'link_ended':
      return { ...onward(attempt, event.phase), reason: null }
    case 'connection_success':
    case 'connection_lost':
      break
  }
  return attempt
}

function onward(attempt: Attempt, phase: LinkPhase): Attempt {
  if (RANK[phase] <= RANK[attempt.phase]) return attempt
  return { ...attempt, phase, qr: null, expiresAt: null }
}

function timedQr(picture: string, expiresInMs: number | undefined, at: number, known: Qr | null): Qr {
  const same = known?.picture === picture ? known : null
  if (expiresInMs === undefined) return same ?? { picture, runsOutAt: null, spanMs: USUAL_SPAN_MS }
  const spanMs = Math.max(expiresInMs, same?.spanMs ?? USUAL_SPAN_MS)
  return { picture, runsOutAt: at + expiresInMs, spanMs }
}
