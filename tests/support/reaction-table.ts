import type { Again, Reaction } from '../../src/backend/sessions/reaction.js'

/** The cells of `docs/sessions.md` for these rows, so that the document says what the data says. */
export function reactionTable(rows: readonly Reaction[]): string[][] {
  return rows.map(row => [
    row.codes.length === 0 ? '–' : row.codes.join(', '),
    row.planes.join(', '),
    `\`${row.kind}\``,
    row.meaning,
    againIn(row.again) + triesIn(row),
    row.credentials,
    shownIn(row),
    [row.breaker === null ? [] : `breaker \`${row.breaker}\``, row.operator === null ? [] : 'operator']
      .flat()
      .join(', ') || '–',
  ])
}

/** The same cells out of a Markdown table under this heading. */
export function tableUnder(heading: string, markdown: string): string[][] {
  const [, after = ''] = markdown.split(`\n${heading}\n`)
  const lines = after.split('\n')
  const first = lines.findIndex(line => line.startsWith('|'))
  const rest = lines.slice(first)
  const end = rest.findIndex(line => !line.startsWith('|'))
  return rest.slice(2, end === -1 ? undefined : end).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

const minutes = (ms: number) => `${ms / 60_000} min`

function againIn(again: Again): string {
  switch (again.when) {
    case 'now':
      return 'at once'
    case 'soon':
      return 'within 2 s, then backoff'
    case 'backoff':
      return 'backoff'
    case 'after':
      return `after ${minutes(again.ms)} or more`
    case 'until':
      return 'when that time is over; without one never'
    case 'never':
      return 'never'
  }
}

const triesIn = ({ tries }: Reaction) =>
  tries === null ? '' : `, ${tries.most} ${tries.most === 1 ? 'time' : 'times'} in ${minutes(tries.withinMs)}`

function shownIn({ trying, rest }: Reaction): string {
  const words = [trying, rest].flatMap(shown => (shown === null ? [] : `\`${shown.state}\` · \`${shown.reason}\``))
  return [...new Set(words)].join(', then ') || '–'
}
