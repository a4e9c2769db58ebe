import type { LinkAttemptView } from '../../contract/linking.js'
import { wrap } from '../printable.js'
import type { Style, WindowSize } from '../terminal.js'
import { bigLetters } from './big-letters.js'
import { minutesAndSeconds, openLinkedDevices, statusOf, stepNames } from './link-sentences.js'
import { qrArt } from './qr-art.js'
import { qrMatrix } from './qr-matrix.js'

/** An attempt as it was read at some time (`Date.now()`), and whether the gateway has been silent since. */
export type Shown = { view: LinkAttemptView; readAt: number; silent: boolean }

export type FrameOptions = { window: WindowSize; now: number; style: Style; colour: boolean }

const barCells = 24

/** What the window shows of an attempt under way: the code, what to do with it, how it stands. No line is wider than the window. */
export function linkFrame(shown: Shown, options: FrameOptions): string[] {
  const { window, style } = options
  const { view } = shown
  const scanning = view.phase === 'scanning'
  const text = [
    ...(scanning ? wrap(openLinkedDevices[view.method], window.columns).map(style.bold) : []),
    ...wrap(statusLine(shown, options.now), window.columns),
    progressLine(view, style),
    style.dim('Ctrl-C cancels.'),
  ]
  return [...(scanning ? code(view, { ...options, taken: text.length }) : []), ...text]
}

function code(view: LinkAttemptView, { window, colour, style, taken }: FrameOptions & { taken: number }): string[] {
  if (view.pairingCode !== undefined) {
    const letters = bigLetters(view.pairingCode)
    const widest = Math.max(...letters.map(line => line.length))
    const fits = widest <= window.columns && letters.length + 3 + taken <= window.rows
    return fits ? ['', ...letters, '', style.bold(view.pairingCode)] : [style.bold(view.pairingCode)]
  }
  if (view.qrCode === undefined) return []
  const room = { columns: window.columns, rows: window.rows - taken }
  const art = qrArt(qrMatrix(view.qrCode), room, colour)
  if ('lines' in art) return art.lines
  const { columns, rows } = art.needs
  const needed = `${Math.max(columns, window.columns)} columns by ${Math.max(rows + taken, window.rows)} rows`
  const words = `This window has ${window.columns} columns by ${window.rows} rows; the QR needs ${needed}.`
  return wrap(
    `${words} Make it larger, or its letters smaller, or cancel and link with --code and your number.`,
    window.columns,
  )
}

function statusLine({ view, readAt, silent }: Shown, now: number): string {
  const passed = now - readAt
  const parts = [`Status: ${statusOf(view)}`]
  if (view.qrExpiresInMs !== undefined) parts.push(`next code in ${minutesAndSeconds(view.qrExpiresInMs - passed)}`)
  if (view.codeExpiresInMs !== undefined) parts.push(`valid for ${minutesAndSeconds(view.codeExpiresInMs - passed)}`)
  else if (view.expiresInMs !== undefined) parts.push(`${minutesAndSeconds(view.expiresInMs - passed)} left`)
  if (silent) parts.push('the gateway does not answer, trying again')
  return parts.join(' · ')
}

function progressLine({ mode, method, step, percent }: LinkAttemptView, style: Style): string {
  const filled = Math.round((percent / 100) * barCells)
  const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled)
  return `Step ${step} of 3  ${style.good(bar)}  ${percent} %  ${stepNames(mode, method)[step - 1] ?? ''}`
}
