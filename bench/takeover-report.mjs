import { round, summary } from './statistics.mjs'
import { table } from './table.mjs'

const TAKEOVER_GOAL_MS = 12_000
const HAND_OFF_GOAL_MS = 2_000

/** @param {{ parts: Record<string, any[]>, count: number, rounds: number, problems: number }} measured */
export function takeoverReport({ parts, count, rounds, problems }) {
  const of = (name, field) => seconds(parts[name].flatMap(outcome => outcome[field] ?? []))
  const rows = Object.keys(parts).map(name => ({
    part: name,
    ...(parts[name][0].claimedMs === undefined ? {} : { claimedS: of(name, 'claimedMs') }),
    ...(parts[name][0].startedMs === undefined ? {} : { startedS: of(name, 'startedMs') }),
    openS: of(name, 'openedMs'),
    gapS: of(name, 'gapMs'),
  }))
  const row = name => rows.find(({ part }) => part === name)
  const goals = [
    judged('killed → open, slowest session, s', row('killed, on another machine').openS.max, TAKEOVER_GOAL_MS),
    judged('stopped: longest gap of a session, s', row('stopped').gapS.max, HAND_OFF_GOAL_MS),
  ]
  const figures = { sessions: count, rounds, rows, problems, goals, pass: goals.every(({ met }) => met) }
  return { figures, text: textOf(figures) }
}

const seconds = samples => summary(samples.map(ms => ms / 1_000))

const judged = (figure, value, goalMs) => ({
  figure,
  value: round(value),
  goal: goalMs / 1_000,
  met: value <= goalMs / 1_000,
})

function textOf({ sessions, rounds, rows, goals, problems }) {
  const said = figure => (figure === undefined ? '' : `${figure.median} / ${figure.p95} / ${figure.max}`)
  return [
    table([
      [
        `${sessions} sessions, ${rounds} rounds; s, p50 / p95 / max`,
        'process up',
        'all claimed',
        'open',
        'gap on the line',
      ],
      ...rows.map(({ part, startedS, claimedS, openS, gapS }) => [
        part,
        said(startedS),
        said(claimedS),
        said(openS),
        said(gapS),
      ]),
    ]),
    table([
      ['', 'value', 'goal', ''],
      ...goals.map(({ figure, value, goal, met }) => [figure, value, `≤ ${goal}`, met ? 'met' : 'MISSED']),
    ]),
    `problems that the simulator saw: ${problems}`,
  ].join('\n\n')
}
