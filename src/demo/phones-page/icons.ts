import { svg } from '../../linking-page/render/element.js'

/** Outlines on a 24 × 24 grid, drawn for this page. */
const PATHS = {
  back: 'M14.5 5 7.5 12l7 7',
  chats: 'M4 5.5h16v11H9.5L5 20v-3.5H4z',
  devices: 'M3.5 5.5h13v9h-13zM1.5 18h12M17 9.5h4.5v9H17z',
  scan: 'M4 8.5V4h4.5M15.5 4H20v4.5M20 15.5V20h-4.5M8.5 20H4v-4.5M8 12h8',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12 20 4.5 16 20l-4.5-6.5zM11.5 13.5 20 4.5',
  copy: 'M9 9h10.5v11H9zM5 15H4V4h10.5v1',
  check: 'M5 12.5 10 17.5 19.5 7',
  alert: 'M12 4 2.8 19.5h18.4zM12 10v4.2M12 16.8v.2',
  sent: 'M6 12.5 10.5 17 19 7.5',
  twice: 'M1.5 12.5 6 17l8.5-9.5M10.5 15.5 12 17l8.5-9.5',
  laptop: 'M5 5.5h14v10H5zM2.5 19h19',
} as const

export type IconName = keyof typeof PATHS

/** Decoration only: the text beside it says the same. */
export function icon(name: IconName): SVGSVGElement {
  const attributes = { viewBox: '0 0 24 24', class: `icon icon-${name}`, 'aria-hidden': 'true', focusable: 'false' }
  return svg('svg', attributes, svg('path', { d: PATHS[name] }))
}
