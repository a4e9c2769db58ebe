import type { LinkMethod, LinkMode } from '../../contract/linking.js'
import { stepNames } from '../sentences.js'
import { button, el, heading, setText } from './element.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'
import { wayChoice } from './way-choice.js'

const FIRST_DETAIL: Record<LinkMethod, string> = {
  qr: 'with the phone whose WhatsApp you want to link',
  code: 'into WhatsApp on the phone with this number',
}

/** The first panel: two ways. Nothing is opened on the server before its button is pressed. */
export function welcomePanel(actions: PanelActions): PanelView<PanelOf<'welcome'>> {
  const title = heading('How do you want to link?')
  const choice = wayChoice(actions.chooseWay)
  const byQr = el(
    'div',
    { class: 'way-panel' },
    el(
      'p',
      { class: 'hint' },
      'Your phone’s camera has to see the code: open this page on a second screen, such as a computer or tablet.',
    ),
    button('Start', 'primary', () => actions.start(null)),
  )
  const byCode = el('div', { class: 'way-panel' }, actions.numberForm.element)
  const preview = previewList()
  const element = el(
    'div',
    { class: 'panel panel-welcome' },
    title,
    choice.element,
    byQr,
    byCode,
    el('h3', { class: 'preview-title' }, 'Three short steps'),
    preview.element,
  )
  let problem: string | null = null
  return {
    element,
    get heading() {
      return problem === null ? title : actions.numberForm.input
    },
    update(panel) {
      problem = panel.problem
      choice.show(panel.way)
      byQr.hidden = panel.way !== 'qr'
      byCode.hidden = panel.way !== 'code'
      preview.show(panel.mode, panel.way)
      if (panel.way === 'code') actions.numberForm.show(panel.problem)
    },
  }
}

function previewList(): { element: HTMLElement; show: (mode: LinkMode, way: LinkMethod) => void } {
  const details = ['', 'this takes a few seconds; keep the page open', 'two messages are waiting in your own chat']
  const rows = details.map(detail => {
    return { name: el('span', { class: 'preview-name' }), detail: el('span', { class: 'preview-detail' }, detail) }
  })
  const items = rows.map(({ name, detail }) => el('li', {}, el('span', { class: 'preview-text' }, name, detail)))
  return {
    element: el('ol', { class: 'preview' }, ...items),
    show(mode, way) {
      const names = stepNames(mode, way)
      rows.forEach(({ name, detail }, i) => {
        setText(name, names[i] ?? '')
        if (i === 0) setText(detail, FIRST_DETAIL[way])
      })
    },
  }
}
