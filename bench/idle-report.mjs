import { round } from './statistics.mjs'
import { table } from './table.mjs'

const MEMORY_GOAL = 1.3
const MEMORY_MUST = 1.5
const CPU_AIM = 1.5
const CPU_MUST = 3
/** Where the goals for memory and processor time are set; the nearest step that was measured stands for it. */
const MEMORY_AT = 500
const CPU_AT = 100
const MIB = 2 ** 20

/**
 * `floor` is raw Baileys with the gateway's keep-alive and with no key in memory that a login does not read: what no gateway gets below.
 *
 * @param {{ series: { contacts: number, readings: any[] }[], steps: number[] }} measured
 */
export function idleReport({ series, steps }) {
  const kinds = series.map(({ contacts, readings }) => ({
    contacts,
    ...slopes(readings),
    readings: readings.map(plain),
  }))
  const figures = {
    sessions: steps,
    measure: series[0].readings[0].product.measure,
    series: kinds,
    goals: goals(kinds),
  }
  return { figures: { ...figures, pass: figures.goals.every(({ must }) => must.met) }, text: textOf(figures) }
}

/** Bytes and shares for each further session, from the first step to every later one. */
function slopes(readings) {
  const [first, ...later] = readings
  return {
    perSession: later.map(reading => {
      const more = reading.sessions - first.sessions
      const of = side => ({
        residentMiB: round((reading[side].resident - first[side].resident) / more / MIB),
        heapAndExternalMiB: round((inUse(reading[side]) - inUse(first[side])) / more / MIB),
      })
      const sides = { product: of('product'), raw: of('raw'), floor: of('floor') }
      return { from: first.sessions, to: reading.sessions, ...sides, ratio: ratios(sides) }
    }),
  }
}

const inUse = ({ heap, external }) => heap + external

function ratios({ product, raw, floor }) {
  const to = other => Object.fromEntries(Object.keys(product).map(name => [name, round(product[name] / other[name])]))
  return { raw: to(raw), floor: to(floor) }
}

const plain = ({ sessions, ...sides }) => ({
  sessions,
  ...Object.fromEntries(
    Object.entries(sides).map(([side, { resident, heap, external, arrayBuffers, logins, ...shares }]) => [
      side,
      {
        residentMiB: round(resident / MIB),
        heapMiB: round(heap / MIB),
        externalMiB: round(external / MIB),
        arrayBuffersMiB: round(arrayBuffers / MIB),
        idleCpuPercent: round(shares.idleCpuPercent),
        ...(shares.databaseCpuPercent === undefined ? {} : { databaseCpuPercent: round(shares.databaseCpuPercent) }),
        logins,
      },
    ]),
  ),
})

function goals(kinds) {
  return kinds.flatMap(({ contacts, perSession, readings }) => {
    const slope = nearest(perSession, MEMORY_AT, ({ to }) => to)
    const at = nearest(readings, CPU_AT, ({ sessions }) => sessions)
    // one step alone says nothing of a further session
    const memory = slope && {
      figure: `PSS per further session, ${slope.from} to ${slope.to}, ${contacts} contacts`,
      ratio: slope.ratio.raw.residentMiB,
      must: MEMORY_MUST,
      aim: MEMORY_GOAL,
    }
    return [
      ...(memory === undefined ? [] : [judged(memory)]),
      judged({
        figure: `idle CPU at ${at.sessions} sessions, ${contacts} contacts`,
        ratio: round(at.product.idleCpuPercent / at.raw.idleCpuPercent),
        must: CPU_MUST,
        aim: CPU_AIM,
      }),
    ]
  })
}

const nearest = (list, wanted, of) =>
  list.toSorted((one, other) => Math.abs(of(one) - wanted) - Math.abs(of(other) - wanted))[0]

const judged = ({ figure, ratio, must, aim }) => ({
  figure,
  ratio,
  must: { atMost: must, met: ratio <= must },
  aim: { atMost: aim, met: ratio <= aim },
})

function textOf({ measure, series, goals: judgements }) {
  const said = ({ atMost, met }) => `≤ ${atMost} ${met ? 'met' : 'MISSED'}`
  const slopeRows = series.flatMap(({ contacts, perSession }) =>
    perSession.map(({ from, to, product, raw, floor, ratio }) => [
      `${contacts} contacts, ${from} to ${to}`,
      product.residentMiB,
      raw.residentMiB,
      floor.residentMiB,
      ratio.raw.residentMiB,
      product.heapAndExternalMiB,
      raw.heapAndExternalMiB,
      floor.heapAndExternalMiB,
      ratio.raw.heapAndExternalMiB,
    ]),
  )
  const cpuRows = series.flatMap(({ contacts, readings }) =>
    readings.map(({ sessions, product, raw, floor }) => [
      `${contacts} contacts, ${sessions} sessions`,
      product.idleCpuPercent,
      product.databaseCpuPercent,
      raw.idleCpuPercent,
      floor.idleCpuPercent,
      round(product.idleCpuPercent / raw.idleCpuPercent),
      round(product.idleCpuPercent / floor.idleCpuPercent),
    ]),
  )
  return [
    table([
      [`MiB per further session`, measure, 'raw', 'floor', 'ratio', 'heap+buffers', 'raw', 'floor', 'ratio'],
      ...slopeRows,
    ]),
    table([['% of a core, idle', 'gateway', 'database', 'raw', 'floor', 'to raw', 'to floor'], ...cpuRows]),
    table([
      ['', 'ratio to raw', 'must', 'aim'],
      ...judgements.map(({ figure, ratio, must, aim }) => [figure, ratio, said(must), said(aim)]),
    ]),
    'floor: raw Baileys with a keep-alive of 15 s as the gateway has it, and no key in memory that a login does not read',
  ].join('\n\n')
}
