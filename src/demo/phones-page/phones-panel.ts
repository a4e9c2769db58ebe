import { button, el } from '../../linking-page/render/element.js'
import type { DemoView, PhoneView } from '../view.js'
import { sentenceOf, type PhonesApi } from './api.js'
import { icon } from './icons.js'
import { keyedList, type KeyedView } from './keyed-list.js'
import type { LinkingFrame } from './linking-frame.js'
import { createPhone, type PhoneElement } from './phone/phone.js'
import { newsDot } from './sides.js'

export type PhonesPanelDeps = {
  api: PhonesApi
  picture: LinkingFrame
  showLinkingPage: () => void
  say: (text: string) => void
}

export interface PhonesPanel {
  readonly element: HTMLElement
  show(view: DemoView): void
  /** Draws again: what is on show has changed, and with it what counts as looked at. */
  redraw(): void
  /** Messages that nobody has looked at, on all phones. */
  unread(): number
}

/** All phones side by side; on a small screen one at a time, with a switch above. */
export function createPhonesPanel(deps: PhonesPanelDeps): PhonesPanel {
  const phones = new Map<string, PhoneElement>()
  const add = button('', 'quiet', () => void addPhone())
  add.classList.add('button-small')
  add.append(icon('plus'), 'Add a phone')
  const chips = el('div', { class: 'chips', role: 'group', 'aria-label': 'Phone on show' })
  const grid = el('div', { class: 'phones' })
  const element = el('div', { class: 'phones-panel' }, el('div', { class: 'phones-bar' }, chips, add), grid)
  let view: DemoView = { phones: [], canAddPhone: true }
  let chosen = ''
  /** Asked for and not yet seen. */
  let added: string | null = null

  function choose(phoneNumber: string): void {
    chosen = phoneNumber
    draw()
  }

  async function addPhone(): Promise<void> {
    try {
      const { phoneNumber } = await deps.api.add()
      added = phoneNumber
      choose(phoneNumber)
      deps.say('')
    } catch (error) {
      deps.say(sentenceOf(error))
    }
  }

  function makePhone({ phoneNumber }: PhoneView): KeyedView<PhoneView> {
    const phone = createPhone({ ...deps, phoneNumber })
    phones.set(phoneNumber, phone)
    return {
      element: phone.element,
      update(now) {
        phone.element.dataset['chosen'] = String(phoneNumber === chosen)
        phone.show(now, view.phones)
      },
    }
  }

  function makeChip({ phoneNumber, name }: PhoneView): KeyedView<PhoneView> {
    const dot = newsDot()
    const chip = el('button', { type: 'button', class: 'chip' }, name, dot)
    chip.addEventListener('click', () => choose(phoneNumber))
    return {
      element: chip,
      update() {
        chip.setAttribute('aria-pressed', String(phoneNumber === chosen))
        dot.hidden = (phones.get(phoneNumber)?.unread() ?? 0) === 0
      },
    }
  }

  const keyOf = ({ phoneNumber }: PhoneView): string => phoneNumber
  const drawPhones = keyedList(grid, keyOf, makePhone)
  const drawChips = keyedList(chips, keyOf, makeChip)

  function draw(): void {
    chosen ||= view.phones[0]?.phoneNumber ?? ''
    drawPhones(view.phones)
    drawChips(view.phones)
    add.hidden = !view.canAddPhone
    const newcomer = added === null ? undefined : phones.get(added)
    if (newcomer === undefined) return
    added = null
    newcomer.element.scrollIntoView({ block: 'nearest' })
  }

  return {
    element,
    show(next) {
      view = next
      draw()
    },
    redraw: draw,
    unread: () => [...phones.values()].reduce((sum, phone) => sum + phone.unread(), 0),
  }
}
