import { STEPS } from '../sentences.js'
import { button, el, heading, setText } from './element.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

/** The first panel. Nothing is opened on the server before its button is pressed. */
export function welcomePanel(actions: PanelActions): PanelView<PanelOf<'welcome'>> {
  const title = heading('Three short steps')
  const names = [0, 1, 2].map(() => el('span', { class: 'preview-name' }))
  const details = [
    'with the phone whose WhatsApp you want to link',
    'this takes a few seconds; keep the page open',
    'two messages are waiting in your own chat',
  ]
  const list = el(
    'ol',
    { class: 'preview' },
    ...names.map((name, i) =>
      el(
        'li',
        {},
        el('span', { class: 'preview-text' }, name, el('span', { class: 'preview-detail' }, details[i] ?? '')),
      ),
    ),
  )
  const element = el(
    'div',
    { class: 'panel panel-welcome' },
    title,
    list,
    el(
      'p',
      { class: 'hint' },
      'Open this page on a second screen, such as a computer or tablet: your phone’s camera has to see the code.',
    ),
    button('Start', 'primary', actions.start),
  )
  return {
    element,
    heading: title,
    update(panel) {
      STEPS[panel.mode].forEach((text, i) => {
        const name = names[i]
        if (name) setText(name, text)
      })
    },
  }
}
