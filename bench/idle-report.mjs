import { round } from './statistics.mjs'
import { table } from './table.mjs'

const GOAL = 1.3
const MIB = 2 ** 20

/** @param {{ product: any[], raw: any[], steps: number[] }} measured one reading a step, bytes */
export function idleReport({ product, raw, steps }) {
  const sides = { product: slopes(product), raw: slopes(raw) }
  const ratio = name => round(sides.product.mibPerSession[name] / sides.raw.mibPerSession[name])
  const figures = {
    sessions: steps,
    measure: product[0].measure,
    ...sides,
    ratio: { resident: ratio('resident'), heapAndExternal: ratio('heapAndExternal') },
    goal: `≤ ${GOAL} × raw`,
    pass: ratio('resident') <= GOAL,
  }
  return { figures, text: textOf(figures) }
}

function slopes(readings) {
  const [first, last] = [readings[0], readings.at(-1)]
  const more = last.sessions - first.sessions
  const slope = of => round((of(last) - of(first)) / more / MIB)
  return {
    readings: readings.map(inMebibytes),
    mibPerSession: {
      resident: slope(reading => reading.resident),
      heap: slope(reading => reading.heap),
      external: slope(reading => reading.external),
      heapAndExternal: slope(reading => reading.heap + reading.external),
    },
  }
}

const inMebibytes = ({ resident, heap, external, arrayBuffers, idleCpuPercent, ...rest }) => ({
  ...rest,
  residentMiB: round(resident / MIB),
  heapMiB: round(heap / MIB),
  externalMiB: round(external / MIB),
  arrayBuffersMiB: round(arrayBuffers / MIB),
  idleCpuPercent: round(idleCpuPercent),
})

function textOf({ sessions, measure, product, raw, ratio, goal, pass }) {
  const rows = [
    [
      `${measure} per further session, MiB`,
      product.mibPerSession.resident,
      raw.mibPerSession.resident,
      ratio.resident,
      goal,
      pass ? 'met' : 'MISSED',
    ],
    [
      'heap + external per further session, MiB',
      product.mibPerSession.heapAndExternal,
      raw.mibPerSession.heapAndExternal,
      ratio.heapAndExternal,
      '',
      '',
    ],
    ...sessions.flatMap((count, index) => [
      [
        `${measure} at ${count} sessions, MiB`,
        product.readings[index].residentMiB,
        raw.readings[index].residentMiB,
        '',
        '',
        '',
      ],
      [
        `idle CPU at ${count} sessions, % of a core`,
        product.readings[index].idleCpuPercent,
        raw.readings[index].idleCpuPercent,
        '',
        '',
        '',
      ],
    ]),
  ]
  return table([['', 'gateway', 'raw', 'ratio', 'goal', ''], ...rows])
}
