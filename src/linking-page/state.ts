import type { LinkAttemptView, LinkMethod } from '../contract/linking.js'
import type { PhoneNumber } from '../contract/phone-number.js'
import type { PageSettings, Started } from './answers.js'
import type { Wish } from './api.js'
import type { Attempt } from './attempt.js'
import { attemptFromStart, attemptFromView, isOver, withEvent, withView } from './attempt.js'
import type { PageEvent } from './frames.js'
import type { Trouble } from './trouble.js'

/** How news reaches the page: `lost` means that neither the socket nor reading works. */
export type Health = 'connecting' | 'live' | 'polling' | 'lost'

/** What became of a wish; `later` is as soon as WhatsApp can be reached. `told` is when it was answered (`Date.now()`). */
export type WishState =
  | { stage: 'confirming' | 'asking' }
  | { stage: 'done' | 'later'; told: number }
  | { stage: 'refused'; what: Trouble; told: number }

export interface PageState {
  settings: PageSettings | null
  attempt: Attempt | null
  pending: 'open' | 'start' | 'cancel' | null
  /** How the visitor wants to link: what the first panel offers and what is being started. */
  way: LinkMethod
  /** The number a code is asked for. In the memory of this tab only. */
  number: PhoneNumber | null
  /** The number's field is on show although an attempt by QR is under way. */
  askingNumber: boolean
  /** What the server said about the number; the page has found nothing wrong with it. */
  numberProblem: string | null
  /** A request that failed, when the failure was told (`Date.now()`), and what its one button does. */
  trouble: { what: Trouble; at: number; retry: 'open' | 'start' } | null
  wishes: Partial<Record<Wish, WishState>>
  /** The server no longer knows the attempt that was on show. */
  gone: boolean
  /** Pressed before the start was answered: the attempt is cancelled as soon as it has an id. */
  cancelWhenStarted: boolean
  /** As far as is known, the last press of Cancel ended nothing. */
  cancelFailed: boolean
  health: Health
  online: boolean
}

export type Happening =
  | { type: 'opening' }
  | { type: 'opened'; settings: PageSettings | null; view: LinkAttemptView | null; at: number }
  | { type: 'way_chosen'; way: LinkMethod }
  | { type: 'number_wanted'; wanted: boolean }
  | { type: 'start_pressed'; number: PhoneNumber | null }
  | { type: 'started'; started: Started }
  | { type: 'refused'; what: Trouble; retry: 'open' | 'start'; at: number }
  | { type: 'cancel_pressed' }
  | { type: 'cancel_refused' }
  | { type: 'joined'; view: LinkAttemptView; at: number }
  | { type: 'view_read'; view: LinkAttemptView; at: number }
  | { type: 'event_heard'; event: PageEvent; at: number }
  | { type: 'attempt_gone' }
  | { type: 'put_away' }
  | { type: 'wish_changed'; wish: Wish; to: WishState | null }
  | { type: 'health_changed'; health: Health }
  | { type: 'online_changed'; online: boolean }

export function initialState(online: boolean, way: LinkMethod): PageState {
  return {
    settings: null,
    attempt: null,
    pending: 'open',
    way,
    number: null,
    askingNumber: false,
    numberProblem: null,
    trouble: null,
    wishes: {},
    gone: false,
    cancelWhenStarted: false,
    cancelFailed: false,
    health: 'connecting',
    online,
  }
}

/** What the page knows after something happened. Pure: the same happenings always lead to the same state. */
export function reduce(state: PageState, happening: Happening): PageState {
  switch (happening.type) {
    case 'opening':
      return { ...state, pending: 'open', trouble: null }
    case 'opened': {
      const attempt = happening.view ? attemptFromView(happening.view, happening.at) : null
      // A cancelled attempt was the visitor's own wish: after a reload it is not news any more.
      const shown = attempt?.phase === 'cancelled' ? null : attempt
      const settings = happening.settings ?? state.settings
      return { ...state, settings, attempt: shown, way: shown?.method ?? state.way, pending: null, trouble: null }
    }
    case 'way_chosen':
      return { ...state, way: happening.way, numberProblem: null }
    case 'number_wanted':
      return { ...state, askingNumber: happening.wanted }
    case 'start_pressed': {
      const { number } = happening
      const way = number === null ? 'qr' : 'code'
      return { ...fresh(state), pending: 'start', way, number: number ?? state.number }
    }
    case 'started': {
      const mode = state.settings?.mode ?? 'handed_off'
      const attempt = attemptFromStart(happening.started, mode, state.way)
      return { ...fresh(state), attempt, pending: state.cancelWhenStarted ? 'cancel' : null }
    }
    case 'refused':
      return refused(state, happening)
    case 'cancel_pressed':
      if (state.pending === 'start') return { ...state, cancelWhenStarted: true }
      return state.attempt && !isOver(state.attempt.phase)
        ? { ...state, pending: 'cancel', cancelFailed: false }
        : state
    case 'cancel_refused':
      return state.pending === 'cancel' ? { ...state, pending: null, cancelFailed: true } : state
    case 'joined':
      return { ...fresh(state), way: happening.view.method, attempt: attemptFromView(happening.view, happening.at) }
    case 'view_read':
      if (state.attempt?.sessionId !== happening.view.sessionId) return state
      return settled(state, withView(state.attempt, happening.view, happening.at))
    case 'event_heard':
      return state.attempt ? settled(state, withEvent(state.attempt, happening.event, happening.at)) : state
    case 'attempt_gone':
      return { ...fresh(state), gone: true }
    case 'put_away':
      return fresh(state)
    case 'wish_changed':
      return withWish(state, happening.wish, happening.to)
    case 'health_changed':
      return { ...state, health: happening.health }
  }
  return { ...state, online: happening.online }
}

/** A number that the server does not like is told beside its field, everything else on a panel of its own. */
function refused(state: PageState, { what, retry, at }: Extract<Happening, { type: 'refused' }>): PageState {
  const aboutNumber = what.code === 'validation_failed' && retry === 'start' && state.way === 'code'
  if (aboutNumber) return { ...fresh(state), numberProblem: what.message }
  return { ...fresh(state), trouble: { what, at, retry } }
}

/** Everything that belongs to one attempt is dropped together. */
function fresh(state: PageState): PageState {
  const { settings, way, number, online } = state
  return { ...initialState(online, way), settings, number, pending: null }
}

function settled(state: PageState, attempt: Attempt): PageState {
  const waitsForPhone = attempt.phase === 'scanning' || attempt.phase === 'starting' || attempt.phase === 'queued'
  const askingNumber = state.askingNumber && waitsForPhone
  return { ...state, attempt, askingNumber, pending: isOver(attempt.phase) ? null : state.pending }
}

function withWish(state: PageState, wish: Wish, to: WishState | null): PageState {
  const { [wish]: _before, ...others } = state.wishes
  return { ...state, wishes: to === null ? others : { ...others, [wish]: to } }
}
