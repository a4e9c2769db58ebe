import { el } from '../../linking-page/render/element.js'

export type SideName = 'link' | 'phones'

/** On a small screen, which of the two halves is on show. A wide one shows both and hides this switch. */
export interface Sides {
  show(name: SideName): void
  /** A dot on a half that has news. */
  mark(name: SideName, news: boolean): void
}

const LABELS: Record<SideName, string> = { link: 'Link', phones: 'Phones' }

/** @param onShow called after the other half has come on show */
export function createSides(bar: HTMLElement, onShow: () => void): Sides {
  const dots = { link: newsDot(), phones: newsDot() }
  const choice = (name: SideName): HTMLButtonElement => {
    const element = el('button', { type: 'button', class: 'tab' }, LABELS[name], dots[name])
    element.addEventListener('click', () => show(name))
    return element
  }
  const choices = { link: choice('link'), phones: choice('phones') }
  bar.append(choices.link, choices.phones)

  function choose(name: SideName): void {
    document.body.dataset['side'] = name
    choices.link.setAttribute('aria-pressed', String(name === 'link'))
    choices.phones.setAttribute('aria-pressed', String(name === 'phones'))
  }
  function show(name: SideName): void {
    choose(name)
    onShow()
  }
  choose('link')
  return { show, mark: (name, news) => (dots[name].hidden = !news) }
}

export function newsDot(): HTMLElement {
  return el('span', { class: 'dot', hidden: '' }, el('span', { class: 'sr-only' }, ' (new messages)'))
}
