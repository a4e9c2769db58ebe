import { round, summary } from './statistics.mjs'
import { table } from './table.mjs'

const GOALS = { perSecond: 0.6, p99: 2 }

/**
 * @param {{ rows: { operation: string, lines: number, sides: { product: any[], raw: any[] } }[], rounds: number, roundMs: number, sessions: number }} measured
 *   one entry a round on each side, in the order in which they ran
 */
export function apiReport({ rows, rounds, roundMs, sessions }) {
  const figures = { rounds, roundMs, sessions, goals: GOALS, rows: rows.map(figuresOf) }
  return { figures: { ...figures, pass: figures.rows.every(({ pass }) => pass) }, text: textOf(figures) }
}

/** Goals are judged by the median of the pairs' own ratios: what disturbs one half of a pair usually disturbs the other. */
function figuresOf({ operation, lines, sides }) {
  const each = (side, pick) => sides[side].map(pick)
  const ratios = pick => summary(each('product', pick).map((value, index) => value / each('raw', pick)[index]))
  const of = pick => ({ product: summary(each('product', pick)).median, raw: summary(each('raw', pick)).median })
  const perSecond = { ...of(({ perSecond: value }) => value), ratio: ratios(({ perSecond: value }) => value) }
  const p99Ms = { ...of(({ ms }) => ms.p99), ratio: ratios(({ ms }) => ms.p99) }
  return {
    operation,
    lines,
    perSecond,
    p50Ms: of(({ ms }) => ms.p50),
    p99Ms,
    cpuMs: of(({ cpuMs }) => cpuMs),
    databaseCpuMs: of(({ databaseCpuMs }) => databaseCpuMs),
    pass: perSecond.ratio.median >= GOALS.perSecond && p99Ms.ratio.median <= GOALS.p99,
  }
}

function textOf({ rows, rounds, roundMs }) {
  const pair = ({ product, raw }) => `${round(product)} : ${round(raw)}`
  return [
    `${rounds} rounds of ${roundMs / 1_000} s on each side, gateway : bare Express and pg; goal ≥ ${GOALS.perSecond} × requests, p99 ≤ ${GOALS.p99} ×`,
    table([
      ['', 'at once', 'a second', 'ratio', 'p50, ms', 'p99, ms', 'ratio', 'CPU each, ms', 'database, ms', ''],
      ...rows.map(({ operation, lines, perSecond, p50Ms, p99Ms, cpuMs, databaseCpuMs, pass }) => [
        operation,
        lines,
        `${Math.round(perSecond.product)} : ${Math.round(perSecond.raw)}`,
        perSecond.ratio.median,
        pair(p50Ms),
        pair(p99Ms),
        p99Ms.ratio.median,
        pair(cpuMs),
        pair(databaseCpuMs),
        pass ? 'met' : 'MISSED',
      ]),
    ]),
  ].join('\n')
}
