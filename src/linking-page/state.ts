import type { LinkAttemptView } from '../contract/linking.js'
import type { PageSettings } from './api.js'
import type { Attempt } from './attempt.js'
import { attemptFromStart, attemptFromView, isOver, withEvent, withView } from './attempt.js'
import type { PageEvent } from './frames.js'
import type { Trouble } from './trouble.js'

/** How news reaches the page: `lost` means that neither the socket nor reading works. */
export type Health = 'connecting' | 'live' | 'polling' | 'lost'

export interface PageState {
  settings: PageSettings | null
  attempt: Attempt | null
  pending: 'open' | 'start' | 'cancel' | null
  /** A request that failed, when the failure was told (`Date.now()`), and what its one button does. */
  trouble: { what: Trouble; at: number; retry: 'open' | 'start' } | null
  /** The server no longer knows the attempt that was on show. */
  gone: boolean
  /** Pressed before the start was answered: the attempt is cancelled as soon as it has an id. */
  cancelWhenStarted: boolean
  /** The last press of Cancel did not reach the server. */
  cancelFailed: boolean
  health: Health
  online: boolean
}

export type Happening =
  | { type: 'opening' }
  | { type: 'opened'; settings: PageSettings | null; view: LinkAttemptView | null; at: number }
  | { type: 'start_pressed' }
  | { type: 'started'; sessionId: string; picture: string }
  | { type: 'refused'; what: Trouble; retry: 'open' | 'start'; at: number }
  | { type: 'cancel_pressed' }
  | { type: 'cancel_refused' }
  | { type: 'joined'; view: LinkAttemptView; at: number }
  | { type: 'view_read'; view: LinkAttemptView; at: number }
  | { type: 'event_heard'; event: PageEvent; at: number }
  | { type: 'attempt_gone' }
  | { type: 'put_away' }
  | { type: 'health_changed'; health: Health }
  | { type: 'online_changed'; online: boolean }

export function initialState(online: boolean): PageState {
  return {
    settings: null,
    attempt: null,
    pending: 'open',
    trouble: null,
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
      return { ...state, settings: happening.settings ?? state.settings, attempt: shown, pending: null, trouble: null }
    }
    case 'start_pressed':
      return { ...fresh(state), pending: 'start' }
    case 'started': {
      const attempt = attemptFromStart(happening.sessionId, happening.picture, state.settings?.mode ?? 'handed_off')
      return { ...fresh(state), attempt, pending: state.cancelWhenStarted ? 'cancel' : null }
    }
    case 'refused': {
      const trouble = { what: happening.what, at: happening.at, retry: happening.retry }
      return { ...fresh(state), trouble }
    }
    case 'cancel_pressed':
      if (state.pending === 'start') return { ...state, cancelWhenStarted: true }
      return state.attempt && !isOver(state.attempt.phase)
        ? { ...state, pending: 'cancel', cancelFailed: false }
        : state
    case 'cancel_refused':
      return state.pending === 'cancel' ? { ...state, pending: null, cancelFailed: true } : state
    case 'joined':
      return { ...fresh(state), attempt: attemptFromView(happening.view, happening.at) }
    case 'view_read':
      if (state.attempt?.sessionId !== happening.view.sessionId) return state
      return settled(state, withView(state.attempt, happening.view, happening.at))
    case 'event_heard':
      return state.attempt ? settled(state, withEvent(state.attempt, happening.event, happening.at)) : state
    case 'attempt_gone':
      return { ...fresh(state), gone: true }
    case 'put_away':
      return fresh(state)
    case 'health_changed':
      return { ...state, health: happening.health }
  }
  return { ...state, online: happening.online }
}

/** Everything that belongs to one attempt is dropped together. */
function fresh(state: PageState): PageState {
  return {
    ...state,
    attempt: null,
    pending: null,
    trouble: null,
    gone: false,
    cancelWhenStarted: false,
    cancelFailed: false,
    health: 'connecting',
  }
}

function settled(state: PageState, attempt: Attempt): PageState {
  return { ...state, attempt, pending: isOver(attempt.phase) ? null : state.pending }
}
