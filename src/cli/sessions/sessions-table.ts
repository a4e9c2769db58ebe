import type { SessionState } from '../../contract/sessions.js'
import { printable } from '../printable.js'
import type { Style } from '../terminal.js'
import type { Told } from './ask-sessions.js'

/** Longer names are cut: a table that wraps is none. */
const longestName = 24
const heads = ['SESSION', 'STATE', 'SINCE', 'NUMBER', 'NAME'] as const

/** As people count them: an emoji is one. */
const segmenter = new Intl.Segmenter()
const signsOf = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment)
const lengthOf = (text: string): number => signsOf(text).length

/** One line for each session below a line of heads; columns are as wide as what stands in them. */
export function sessionsTable(sessions: readonly Told[], style: Style): string {
  const rows = sessions.map(session => [
    session.sessionId,
    session.state,
    minuteOf(session.since),
    session.phoneNumber === null ? '-' : `+${session.phoneNumber}`,
    cut(printable(session.name ?? '')),
  ])
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map(row => lengthOf(row[column] ?? ''))))
  const line = (cells: readonly string[], paint: (text: string, column: number) => string) =>
    cells
      .map((cell, column) => paint(column < cells.length - 1 ? padded(cell, widths[column] ?? 0) : cell, column))
      .join('  ')
      .trimEnd()
  const lines = rows.map((row, index) =>
    line(row, (text, column) => (column === 1 ? inState(style, sessions[index]?.state)(text) : text)),
  )
  return [line(heads, text => style.dim(text)), ...lines].join('\n')
}

/** What is good, what needs somebody, and the rest. */
export function inState(style: Style, state: SessionState | undefined): (text: string) => string {
  switch (state) {
    case 'connected':
      return style.good
    case 'disconnected':
    case 'logged_out':
    case 'banned':
    case 'expired':
      return style.bad
    default:
      return text => text
  }
}

/** `2026-11-20 12:45 UTC` */
export function minuteOf(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)))
}

function cut(name: string): string {
  const signs = signsOf(name)
  return signs.length <= longestName ? name : `${signs.slice(0, longestName - 1).join('')}…`
}
