import { el, setText, svg } from './element.js'

const RADIUS = 18
const AROUND = 2 * Math.PI * RADIUS

export interface Ring {
  readonly element: HTMLElement
  /** @param share of the time that is left, 0–1 */
  show(share: number, label: string): void
}

/** A small ring that empties; the number inside is the same information as text. */
export function countdownRing(): Ring {
  const circle = { cx: '22', cy: '22', r: String(RADIUS) }
  const arc = svg('circle', { ...circle, class: 'ring-arc', 'stroke-dasharray': AROUND.toFixed(2) })
  const picture = svg(
    'svg',
    { viewBox: '0 0 44 44', class: 'ring-picture' },
    svg('circle', { ...circle, class: 'ring-track' }),
    arc,
  )
  const number = el('span', { class: 'ring-number' })
  return {
    element: el('span', { class: 'ring', 'aria-hidden': 'true' }, picture, number),
    show(share, label) {
      const offset = (AROUND * (1 - Math.min(Math.max(share, 0), 1))).toFixed(2)
      if (arc.getAttribute('stroke-dashoffset') !== offset) arc.setAttribute('stroke-dashoffset', offset)
      setText(number, label)
    },
  }
}
