type Child = Node | string

const SVG = 'http://www.w3.org/2000/svg'

/** Builds an element from attributes and children; text goes in as text, never as markup. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: Node[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Writes only what changed, so that live regions stay quiet and selections survive. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function button(
  label: string,
  look: 'primary' | 'quiet' | 'plain' | 'danger',
  onPress: () => void,
): HTMLButtonElement {
  const element = el('button', { type: 'button', class: `button button-${look}` }, label)
  element.addEventListener('click', onPress)
  return element
}

/** Leaves the page for another tab, and says so to those who do not see the icon of it. */
export function outwardLink(text: string, look: string): HTMLAnchorElement {
  const link = el('a', { target: '_blank', rel: 'noopener noreferrer', class: look }, text)
  link.append(el('span', { class: 'sr-only' }, ' (opens in a new tab)'))
  return link
}

/** A panel's heading: focus is moved here when the panel appears, without putting it in the tab order. */
export function heading(text: string): HTMLHeadingElement {
  return el('h2', { tabindex: '-1', class: 'panel-title' }, text)
}
