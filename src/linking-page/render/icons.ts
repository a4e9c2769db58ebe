import { svg } from './element.js'

/** Outlines on a 24 × 24 grid, drawn for this page. */
const PATHS = {
  check: 'M5 12.5 10 17.5 19.5 7',
  chat: 'M4 5.5h16v11H9.5L5 20v-3.5H4z',
  scan: 'M4 8.5V4h4.5M15.5 4H20v4.5M20 15.5V20h-4.5M8.5 20H4v-4.5M8 12h8',
  eye: 'M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z',
  exit: 'M10 4.5H5v15h5M14 8l4 4-4 4M18 12H9',
  alert: 'M12 4 2.8 19.5h18.4zM12 10v4.2M12 16.8v.2',
  clock: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 7.5V12l3 2',
  stop: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 12h7',
  plug: 'M9 3.5v4M15 3.5v4M6 7.5h12v3.5a6 6 0 0 1-12 0zM12 17v3.5',
  phone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 17.8h2',
  keypad: 'M3.5 8h17v8h-17zM7 12h.1M10.4 12h.1M13.8 12h.1M17.2 12h.1',
  shield: 'M12 3 4.5 6v5.5c0 4.5 3.2 7.8 7.5 9.5 4.3-1.7 7.5-5 7.5-9.5V6zM12 8.5v4M12 15.4v.2',
  key: 'M8 10.5a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM11 11.7 19 4M16 7l2.8 2.8',
} as const

export type IconName = keyof typeof PATHS

/** Decoration only: the text beside it says the same. */
export function icon(name: IconName): SVGSVGElement {
  const attributes = { viewBox: '0 0 24 24', class: `icon icon-${name}`, 'aria-hidden': 'true', focusable: 'false' }
  return svg('svg', attributes, svg('path', { d: PATHS[name] }))
}
