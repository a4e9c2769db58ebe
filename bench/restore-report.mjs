import { round } from './statistics.mjs'
import { table } from './table.mjs'

/** For so many sessions; of fewer they say nothing. */
const JUDGED_FROM = 1_000
const ALL_MUST_MS = 90_000
const ALL_AIM_MS = 45_000
const API_UP_MUST_MS = 3_000

/** @param {{ rows: any[], count: number, pace: { rate?: number, burst?: number } }} measured */
export function restoreReport({ rows, count, pace }) {
  const plain = rows.map(row => ({
    side: row.side,
    pacing: row.pacing,
    firstOpenS: round(row.firstOpenMs / 1_000),
    halfOpenS: round(row.halfOpenMs / 1_000),
    allOpenS: round(row.allOpenMs / 1_000),
    cpuPerSessionMs: round(row.cpuPerSessionMs),
    loginsPerSession: round(row.loginsPerSession),
    ...(row.side === 'product' && {
      databaseCpuPerSessionMs: row.databaseCpuPerSessionMs === null ? null : round(row.databaseCpuPerSessionMs),
      apiUpS: round(row.apiUpMs / 1_000),
      api: row.api,
    }),
  }))
  const of = (side, pacing) => plain.find(row => row.side === side && row.pacing === pacing)
  const product = of('product', 'the default')
  const goals = [
    ...(count < JUDGED_FROM
      ? []
      : [judged('all online, s', product.allOpenS, ALL_MUST_MS / 1_000, ALL_AIM_MS / 1_000)]),
    judged('API up, s', product.apiUpS, API_UP_MUST_MS / 1_000),
  ]
  const figures = {
    sessions: count,
    pace,
    rows: plain,
    ratio: {
      allOpen: round(product.allOpenS / of('raw', 'the default').allOpenS),
      allOpenUnpaced: round(of('product', 'none').allOpenS / of('raw', 'none').allOpenS),
      cpuPerSession: round(product.cpuPerSessionMs / of('raw', 'the default').cpuPerSessionMs),
      cpuPerSessionUnpaced: round(of('product', 'none').cpuPerSessionMs / of('raw', 'none').cpuPerSessionMs),
    },
    goals,
    pass: goals.every(({ must }) => must.met),
  }
  return { figures, text: textOf(figures) }
}

const judged = (figure, value, must, aim = must) => ({
  figure,
  value,
  must: { atMost: must, met: value <= must },
  aim: { atMost: aim, met: value <= aim },
})

function textOf({ sessions, pace, rows, ratio, goals }) {
  const said = ({ atMost, met }) => `≤ ${round(atMost)} ${met ? 'met' : 'MISSED'}`
  const api = row => (row.api === undefined ? '' : `${row.api.all.p50} / ${row.api.all.p99}`)
  return [
    table([
      [
        `${sessions} sessions`,
        'pacing',
        'first s',
        'half s',
        'all s',
        'CPU ms each',
        'database ms',
        'logins each',
        'API up s',
        'API p50 / p99 ms',
      ],
      ...rows.map(row => [
        row.side,
        row.pacing,
        row.firstOpenS,
        row.halfOpenS,
        row.allOpenS,
        row.cpuPerSessionMs,
        row.databaseCpuPerSessionMs ?? '',
        row.loginsPerSession,
        row.apiUpS ?? '',
        api(row),
      ]),
    ]),
    `pace: ${pace.rate === undefined ? 'none' : `${pace.rate} a second after ${pace.burst} at once`}; gateway to raw: ` +
      `all online ${ratio.allOpen} (without pace ${ratio.allOpenUnpaced}), CPU a session ${ratio.cpuPerSession} (${ratio.cpuPerSessionUnpaced})`,
    table([
      ['', 'value', 'must', 'aim'],
      ...goals.map(goal => [goal.figure, goal.value, said(goal.must), said(goal.aim)]),
    ]),
  ].join('\n\n')
}
