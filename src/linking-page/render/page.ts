import type { LinkMode } from '../../contract/linking.js'
import type { Panel, Screen } from '../screen.js'
import { completePanel } from './complete.js'
import { el, setText } from './element.js'
import { endedPanel } from './ended.js'
import { explanationParts } from './explanation.js'
import { loadingPanel } from './loading.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'
import { scanPanel } from './scan.js'
import { stepsView } from './steps.js'
import { troublePanel } from './trouble.js'
import { welcomePanel } from './welcome.js'
import { workingPanel } from './working.js'

export interface Page {
  show(screen: Screen): void
  tick(now: number): void
}

export interface PageParts {
  card: HTMLElement
  explanation: HTMLElement
  logo: HTMLImageElement
  ownLogo: string
}

/** Keeps the page in line with the screen. Live regions stay in place all the time, or changes would go unheard. */
export function createPage(parts: PageParts, actions: Omit<PanelActions, 'announce'>): Page {
  const steps = stepsView()
  const status = el('p', { class: 'status', role: 'status' })
  const notice = el('p', { class: 'notice', role: 'status' })
  const announcer = el('p', { class: 'sr-only', role: 'status' })
  const slot = el('div', { class: 'slot' })
  // The notice comes and goes while a phone may be pointed at the code: below it, so that the code stays still.
  parts.card.replaceChildren(steps.element, status, slot, notice, announcer)
  const all: PanelActions = { ...actions, announce: text => setText(announcer, text) }
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

  const badLogos = new Set<string>()
  parts.logo.addEventListener('error', () => {
    badLogos.add(parts.logo.getAttribute('src') ?? '')
    if (!badLogos.has(parts.ownLogo)) parts.logo.src = parts.ownLogo
  })

  return {
    show(screen) {
      setText(announcer, '')
      steps.show(screen.steps)
      showPanel(screen.panel)
      setText(status, screen.status)
      setText(notice, screen.notice)
      if (screen.mode && screen.mode !== explained) {
        explained = screen.mode
        parts.explanation.replaceChildren(...explanationParts(screen.mode))
      }
      const logo = screen.logoUrl ?? parts.ownLogo
      if (parts.logo.getAttribute('src') !== logo && !badLogos.has(logo)) {
        parts.logo.src = logo
      }
    },
    tick(now) {
      shown?.view.tick?.(now)
    },
  }
}

function createPanel(panel: Panel, actions: PanelActions): PanelView {
  switch (panel.kind) {
    case 'loading':
      return loadingPanel()
    case 'welcome':
      return welcomePanel(actions)
    case 'scan':
      return scanPanel(actions)
    case 'working':
      return workingPanel(actions)
    case 'complete':
      return completePanel(actions)
    case 'ended':
      return endedPanel(actions, panel.key)
  }
  panel satisfies PanelOf<'trouble'>
  return troublePanel(actions)
}
