import { el } from '../../../linking-page/render/element.js'
import { icon, type IconName } from '../icons.js'

/** The heading of a screen: takes the focus by script alone. */
export function screenHeading(text: string): HTMLHeadingElement {
  return el('h3', { tabindex: '-1', class: 'screen-title' }, text)
}

/** A round mark with a name's first letter; decoration beside the name. */
export function avatar(name: string): HTMLElement {
  return el('span', { class: 'avatar', 'aria-hidden': 'true' }, name.slice(0, 1))
}

export function iconButton(name: IconName, label: string, onPress: () => void): HTMLButtonElement {
  const element = el(
    'button',
    { type: 'button', class: 'icon-button' },
    icon(name),
    el('span', { class: 'sr-only' }, label),
  )
  element.addEventListener('click', onPress)
  return element
}

/** Says what went wrong below the part that it concerns; takes no room while there is nothing to say. */
export function complaint(): { element: HTMLElement; show: (text: string) => void } {
  const element = el('p', { class: 'complaint', role: 'alert' })
  return { element, show: text => (element.textContent = text) }
}
