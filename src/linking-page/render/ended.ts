import { button, el, heading, setText } from './element.js'
import { icon } from './icons.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

/** Expired, cancelled, failed or forgotten: what happened, what to do, and one button. */
export function endedPanel(actions: PanelActions, kind: string): PanelView<PanelOf<'ended'>> {
  const title = heading('')
  const message = el('p', { class: 'ended-message' })
  const action = el('p', { class: 'ended-action' })
  const hint = el('p', { class: 'hint', hidden: '' })
  const mark = icon(kind === 'failed' ? 'alert' : kind === 'cancelled' ? 'stop' : 'clock')
  const element = el(
    'div',
    { class: `panel panel-ended panel-ended-${kind}` },
    el('span', { class: 'seal seal-quiet' }, mark),
    title,
    message,
    action,
    hint,
    button('Start again', 'primary', actions.start),
  )
  return {
    element,
    heading: title,
    update(panel) {
      setText(title, panel.title)
      setText(message, panel.message)
      setText(action, panel.action)
      setText(hint, panel.hint ?? '')
      hint.hidden = panel.hint === null
    },
  }
}
