import { percentiles, round } from './statistics.mjs'
import { table } from './table.mjs'

/** @param {{ alone: number[], steps: any[], processorTime: any, problems: number }} measured milliseconds; steps by rate */
export function stormReport({ alone, steps, processorTime, problems }) {
  const limit = limitOf(steps)
  const figures = {
    alone: { attempts: alone.length, startToQrMs: percentiles(alone) },
    steps: steps.map(({ busy, ...step }) => ({ ...step, busyShares: mapValues(busy, round) })),
    limit,
    cpuMsPerLink: perLink(processorTime),
    simulatorProblems: problems,
  }
  return { figures, text: textOf(figures) }
}

/**
 * The limit lies between two steps: the last one before p99 had doubled for good, and the next. Where it never doubled, or always had,
 * one of the two is null.
 */
function limitOf(steps) {
  const last = steps.findLastIndex(({ doubled }) => !doubled)
  const next = steps[last + 1] ?? null
  return {
    attemptsPerMinute: steps[last]?.perMinute ?? null,
    doubledAtPerMinute: next?.perMinute ?? null,
    bottleneck: next?.bottleneck ?? null,
  }
}

function perLink({ perMinute, product, raw }) {
  const gateway = product.gateway / product.links
  const database = product.database / product.links
  const plain = raw.raw / raw.links
  return {
    attemptsPerMinute: perMinute,
    links: product.links,
    gateway: round(gateway),
    database: round(database),
    raw: round(plain),
    ratio: round((gateway + database) / plain),
    simulatorWithGateway: round(product.simulator / product.links),
    simulatorWithRaw: round(raw.simulator / raw.links),
  }
}

const mapValues = (record, map) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))

const percent = share => `${Math.round(share * 100)} %`

function textOf({ alone, steps, limit, cpuMsPerLink: cpu, simulatorProblems }) {
  const { p50, p99 } = alone.startToQrMs
  const rows = steps.map(
    ({ perMinute, attempts, linked, failed, startToQrMs: qr, scanToCompleteMs: end, busyShares }) => [
      perMinute,
      attempts,
      linked,
      failed,
      qr.p50,
      qr.p99,
      round(qr.p99 / p99),
      end.p50,
      end.p99,
      percent(busyShares.gatewayLoop),
      percent(busyShares.machine),
    ],
  )
  return [
    `alone: start → QR p50 ${p50}, p99 ${p99} ms (${alone.attempts} attempts, one after the other)`,
    table([
      [
        'a minute',
        'attempts',
        'linked',
        'failed',
        'QR p50',
        'QR p99',
        '× alone',
        'end p50',
        'end p99',
        'loop',
        'machine',
      ],
      ...rows,
    ]),
    'QR: start → QR, end: scan → complete, both in ms; loop: share of the time that the gateway’s event loop was busy',
    limitText(limit),
    `CPU per link at ${cpu.attemptsPerMinute} a minute: gateway ${cpu.gateway} + database ${cpu.database} ms, raw ${cpu.raw} ms: ${cpu.ratio} × raw; ` +
      `the gateway's includes two messages sent (${cpu.links} links each)`,
    ...(simulatorProblems > 0 ? [`The simulator met ${simulatorProblems} problems.`] : []),
  ].join('\n')
}

function limitText({ attemptsPerMinute, doubledAtPerMinute, bottleneck }) {
  if (doubledAtPerMinute === null) return `p99 had not doubled at ${attemptsPerMinute} attempts a minute`
  const until = attemptsPerMinute === null ? '' : `${attemptsPerMinute} attempts a minute until p99 doubles; `
  return `${until}doubled at ${doubledAtPerMinute}. In the way: ${bottleneck.text}`
}
