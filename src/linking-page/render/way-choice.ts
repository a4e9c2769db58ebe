import type { LinkMethod } from '../../contract/linking.js'
import { el } from './element.js'
import type { IconName } from './icons.js'
import { icon } from './icons.js'

const WAYS: readonly { way: LinkMethod; label: string; icon: IconName }[] = [
  { way: 'qr', label: 'QR code', icon: 'scan' },
  { way: 'code', label: 'Pairing code', icon: 'keypad' },
]

export interface WayChoice {
  readonly element: HTMLElement
  show(way: LinkMethod): void
}

/** Two radio buttons that look like a switch: arrow keys, names and state come with them. */
export function wayChoice(onChoose: (way: LinkMethod) => void): WayChoice {
  const options = WAYS.map(({ way, label, icon: name }) => {
    const input = el('input', { type: 'radio', name: 'way', value: way, class: 'way-input' })
    input.addEventListener('change', () => input.checked && onChoose(way))
    return { way, input, element: el('label', { class: 'way' }, input, icon(name), el('span', {}, label)) }
  })
  const element = el(
    'fieldset',
    { class: 'ways' },
    el('legend', { class: 'sr-only' }, 'How to link'),
    ...options.map(option => option.element),
  )
  return {
    element,
    show(chosen) {
      for (const { way, input } of options) input.checked = way === chosen
    },
  }
}
