import type { LinkAttemptView } from '../../contract/linking.js'
import { styleOf, type Terminal } from '../terminal.js'
import { linkFrame, type Shown } from './link-frame.js'
import { minutesAndSeconds, openLinkedDevices, statusOf } from './link-sentences.js'

/** Shows an attempt under way. Disposing of it leaves the terminal as it was; twice is harmless. */
export interface LinkDisplay extends Disposable {
  show(view: LinkAttemptView): void
  /** The gateway did not answer when asked for news. */
  silent(): void
}

/** Another screen, without scroll-back, so that no code stays readable above the prompt; the cursor would blink inside the picture. */
const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'

const tickMs = 1_000

/** Redraws in place: when there is news, when the window changes, and each second for the countdown. */
export function drawnDisplay(terminal: Terminal): LinkDisplay {
  const style = styleOf(terminal)
  let shown: Shown | null = null
  let closed = false
  const draw = (): void => {
    const window = terminal.size()
    if (shown === null || window === null || closed) return
    const lines = linkFrame(shown, { window, now: Date.now(), style, colour: terminal.colour })
    terminal.write(home + lines.slice(0, window.rows).join(`${clearLine}\r\n`) + clearLine + clearBelow)
  }
  terminal.write(enter)
  const stopListening = terminal.onResize(draw)
  const timer = setInterval(draw, tickMs)
  return {
    show(view) {
      shown = { view, readAt: Date.now(), silent: false }
      draw()
    },
    silent() {
      if (shown !== null) shown = { ...shown, silent: true }
      draw()
    },
    [Symbol.dispose]() {
      if (closed) return
      closed = true
      clearInterval(timer)
      stopListening()
      terminal.write(leave)
    },
  }
}

/** One line for each thing that happens, for files and pipes. There are no pictures here. */
export function plainDisplay(terminal: Terminal): LinkDisplay {
  const told = new Set<string>()
  let last = ''
  const say = (line: string): void => {
    if (line !== last) terminal.write(`${line}\n`)
    last = line
  }
  return {
    show(view) {
      if (view.pairingCode !== undefined && !told.has(view.pairingCode)) {
        told.add(view.pairingCode)
        const valid =
          view.codeExpiresInMs === undefined ? '' : ` (valid for ${minutesAndSeconds(view.codeExpiresInMs)})`
        say(`Pairing code: ${view.pairingCode}${valid}`)
        say(`${openLinkedDevices.code}.`)
      }
      const status = statusOf(view)
      if (status !== '') say(status)
    },
    silent: () => say('The gateway does not answer, trying again…'),
    [Symbol.dispose]() {},
  }
}
