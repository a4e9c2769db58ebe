import type { LinkAttemptView, LinkMethod, LinkMode, LinkPhase } from '../contract/linking.js'
import type { SessionState, StateReason } from '../contract/sessions.js'
import type { Started } from './answers.js'
import type { Wish } from './api.js'
import type { PageEvent } from './frames.js'

/** The QR or the code on show. Times are `Date.now()` values on this computer's clock. */
export interface Shown {
  /** A PNG data URL, or a code as people read it. */
  content: string
  /** When it is replaced or runs out; null while the server has not said. */
  runsOutAt: number | null
  /** What the countdown ring counts as full, in milliseconds. */
  spanMs: number
}

/** One attempt as the page knows it: the newest of what was read and what was heard. */
export interface Attempt {
  sessionId: string
  mode: LinkMode
  method: LinkMethod
  phase: LinkPhase
  step: 1 | 2 | 3
  percent: number
  reason: StateReason | null
  shown: Shown | null
  /** Somebody typed a code on the phone. Nothing says yet that it was the right one. */
  codeEntered: boolean
  /** In the queue; 1 is next. */
  place: number | null
  /** When the whole attempt runs out; null once scanned or unknown. */
  expiresAt: number | null
  /** The phone accepted at some time, so it may list a linked device even if the attempt ended badly. */
  phoneAccepted: boolean
  can: readonly Wish[]
  /** What became of the session that a finished link has made; null while there is none, or nothing has been read of it. */
  session: SessionState | null
}

/** WhatsApp's later QRs live about this long; a QR first seen late would otherwise start with a full ring. */
const USUAL_QR_MS = 20_000
/** A code's longest life. */
const USUAL_CODE_MS = 180_000

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

export function attemptFromStart(started: Started, mode: LinkMode, asked: LinkMethod): Attempt {
  const { sessionId, content, place } = started
  const method = started.method ?? asked
  return {
    sessionId,
    mode,
    method,
    phase: place === null ? 'scanning' : 'queued',
    step: 1,
    percent: 0,
    reason: null,
    shown: content === null ? null : timed(method, content, undefined, 0, null),
    codeEntered: false,
    place,
    expiresAt: null,
    phoneAccepted: false,
    can: [],
    session: null,
  }
}

export function attemptFromView(view: LinkAttemptView, at: number, known: Attempt | null = null): Attempt {
  const { method } = view
  const [content, left] = method === 'qr' ? [view.qrCode, view.qrExpiresInMs] : [view.pairingCode, view.codeExpiresInMs]
  const waits = view.phase === 'scanning' || view.phase === 'starting'
  // the answer to a start may be ahead of what is stored: what it showed stays
  const kept = waits && known?.method === method ? known.shown : null
  const shown = waits && content !== undefined ? timed(method, content, left, at, kept) : kept
  return {
    sessionId: view.sessionId,
    mode: view.mode,
    method,
    phase: shown === null ? view.phase : 'scanning',
    step: view.step,
    percent: Math.max(known?.percent ?? 0, view.percent),
    reason: view.reason,
    shown,
    codeEntered: shown !== null && (view.codeEntered === true || isSameEnteredCode(known, shown)),
    place: view.phase === 'queued' ? (view.queuePosition ?? null) : null,
    expiresAt: view.expiresInMs === undefined ? null : at + view.expiresInMs,
    phoneAccepted:
      known?.phoneAccepted === true || view.step > 1 || (RANK[view.phase] >= RANK.scanned && !isOver(view.phase)),
    can: view.can ?? [],
    session: view.phase === 'complete' ? view.state : null,
  }
}

/** Takes a newly read view over; an answer that is older than what is already known changes nothing. */
export function withView(attempt: Attempt, view: LinkAttemptView, at: number): Attempt {
  return RANK[view.phase] < RANK[attempt.phase] ? attempt : attemptFromView(view, at, attempt)
}

/** Takes a live event over; details it does not carry come with the view that is read after it. */
export function withEvent(attempt: Attempt, event: PageEvent, at: number): Attempt {
  if (event.sessionId !== attempt.sessionId || isOver(attempt.phase)) return attempt
  switch (event.event) {
    case 'shown': {
      if (RANK[attempt.phase] > RANK.scanning) return attempt
      const { method, content, expiresInMs } = event
      const shown = timed(method, content, expiresInMs, at, attempt.shown)
      const codeEntered = isSameEnteredCode(attempt, shown)
      return { ...attempt, method, phase: 'scanning', place: null, shown, codeEntered }
    }
    case 'pairing_code_entered':
      return { ...attempt, codeEntered: attempt.shown !== null && attempt.method === 'code' }
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
  return { ...attempt, phase, shown: null, codeEntered: false, place: null, expiresAt: null }
}

function isSameEnteredCode(known: Attempt | null, shown: Shown): boolean {
  return known?.codeEntered === true && known.shown?.content === shown.content
}

function timed(
  method: LinkMethod,
  content: string,
  expiresInMs: number | undefined,
  at: number,
  known: Shown | null,
): Shown {
  const same = known?.content === content ? known : null
  const usual = method === 'qr' ? USUAL_QR_MS : USUAL_CODE_MS
  if (expiresInMs === undefined) return same ?? { content, runsOutAt: null, spanMs: usual }
  return { content, runsOutAt: at + expiresInMs, spanMs: Math.max(expiresInMs, same?.spanMs ?? usual) }
}
