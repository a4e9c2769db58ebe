import { el } from './element.js'
import type { PanelOf, PanelView } from './panel-view.js'

export function loadingPanel(): PanelView<PanelOf<'loading'>> {
  const bars = ['skeleton skeleton-title', 'skeleton', 'skeleton', 'skeleton skeleton-button']
  const element = el(
    'div',
    { class: 'panel panel-loading' },
    el('span', { class: 'sr-only' }, 'Loading…'),
    ...bars.map(name => el('span', { class: name, 'aria-hidden': 'true' })),
  )
  return { element, heading: null, update() {} }
}
