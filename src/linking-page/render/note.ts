import type { StateReason } from '../../contract/sessions.js'
import { el, setText } from './element.js'

export interface Note {
  readonly element: HTMLElement
  show(reason: StateReason | null): void
}

/** Something the gateway has to say about the session beside its state, such as an older one it superseded. */
export function reasonNote(): Note {
  const message = el('p', { class: 'note-message' })
  const action = el('p', { class: 'note-action' })
  const element = el('div', { class: 'note', role: 'note', hidden: '' }, message, action)
  return {
    element,
    show(reason) {
      element.hidden = reason === null
      setText(message, reason?.message ?? '')
      setText(action, reason?.action ?? '')
      action.hidden = !reason?.action
    },
  }
}
