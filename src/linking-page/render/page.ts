import type { LinkMode } from '../../contract/linking.js'
import type { Panel, Screen } from '../screen.js'
import { stateNameOf } from '../state-names.js'
import type { BrandParts } from './brand.js'
import { brandView } from './brand.js'
import { el, setText } from './element.js'
import { explanationParts } from './explanation.js'
import { numberForm } from './number-form.js'
import type { PageActions, PanelActions, PanelView } from './panel-view.js'
import { createPanel } from './panels.js'
import { stepsView } from './steps.js'

export interface Page {
  show(screen: Screen): void
  tick(now: number): void
}

export interface PageParts extends BrandParts {
  card: HTMLElement
  explanation: HTMLElement
}

/** Keeps the page in line with the screen. Live regions stay in place all the time, or changes would go unheard. */
export function createPage(parts: PageParts, actions: PageActions): Page {
  const steps = stepsView()
  const status = el('p', { class: 'status', role: 'status' })
  const notice = el('p', { class: 'notice', role: 'status' })
  const announcer = el('p', { class: 'sr-only', role: 'status' })
  const slot = el('div', { class: 'slot' })
  const brand = brandView(parts)
  // The notice comes and goes while a phone may be pointed at the code: below it, so that the code stays still.
  parts.card.replaceChildren(steps.element, status, slot, notice, announcer)
  const all: PanelActions = {
    ...actions,
    announce: text => setText(announcer, text),
    numberForm: numberForm(actions.start),
  }
  let shown: { name: string; view: PanelView } | null = null
  let explained: LinkMode | null = null

  function showPanel(panel: Panel): void {
    const name = `${panel.kind} ${panel.key}`
    if (shown?.name === name) {
      shown.view.update(panel)
      return
    }
    const view = createPanel(panel, all)
    view.update(panel)
    view.tick?.(Date.now())
    // The first panels come by themselves: taking the focus then would skip the page's own heading.
    const byThemselves = shown === null || shown.name.startsWith('loading')
    slot.replaceChildren(view.element)
    shown = { name, view }
    document.body.dataset['panel'] = panel.kind
    if (byThemselves || !view.heading) return
    view.heading.focus({ preventScroll: true })
    const { top, bottom } = parts.card.getBoundingClientRect()
    if (top < 0 || bottom > innerHeight) parts.card.scrollIntoView({ block: 'start' })
  }

  return {
    show(screen) {
      setText(announcer, '')
      steps.show(screen.steps)
      showPanel(screen.panel)
      document.body.dataset['state'] = stateNameOf(screen)
      setText(status, screen.status)
      setText(notice, screen.notice)
      if (screen.mode && screen.mode !== explained) {
        explained = screen.mode
        parts.explanation.replaceChildren(...explanationParts(screen.mode))
      }
      brand.show(screen)
    },
    tick(now) {
      shown?.view.tick?.(now)
    },
  }
}
