import { comparison, round, summary } from './statistics.mjs'
import { table } from './table.mjs'

/** Goals are judged at the median: on a shared machine the tail belongs to the neighbours, on both sides. */
const GOALS = {
  startToQr: { text: '≤ raw + 30 ms', met: ({ difference }) => difference.median <= 30 },
  scanToOpen: { text: '≤ 1.3 × raw', met: ({ ratio }) => ratio.median <= 1.3 },
}

/** @param {{ product: any[], raw: any[], warmUp: number, problems: number }} measured one entry a link, milliseconds */
export function linkReport({ product, raw, warmUp, problems }) {
  const compare = name => {
    const figure = comparison(each(product, name), each(raw, name))
    return { ...figure, goal: GOALS[name].text, pass: GOALS[name].met(figure) }
  }
  const figures = {
    pairs: product.length,
    warmUpPairsDropped: warmUp,
    startToQrMs: compare('startToQr'),
    scanToOpenMs: compare('scanToOpen'),
    productOnlyMs: {
      scanToConnectedEvent: summary(each(product, 'scanToConnected')),
      scanToCompleteEvent: summary(each(product, 'scanToComplete')),
    },
    cpuMsPerLink: {
      gateway: cpu(product, 'gateway'),
      database: cpu(product, 'database'),
      raw: cpu(raw, 'raw'),
      simulatorWithGateway: cpu(product, 'simulator'),
      simulatorWithRaw: cpu(raw, 'simulator'),
    },
    simulatorProblems: problems,
  }
  return { figures, text: textOf(figures) }
}

const each = (links, name) => links.map(link => link[name])

/** A mean, because the system counts other processes' time in steps of 10 ms; null where it does not tell. */
const cpu = (links, name) => round(links.reduce((sum, link) => sum + link.cpu[name], 0) / links.length)

function textOf({ pairs, startToQrMs, scanToOpenMs, productOnlyMs, cpuMsPerLink, simulatorProblems }) {
  const row = (name, { product, raw, difference, ratio, goal, pass }) => [
    [
      `${name}, median`,
      product.median,
      raw.median,
      signed(difference.median),
      ratio.median,
      goal,
      pass ? 'met' : 'MISSED',
    ],
    [`${name}, p95`, product.p95, raw.p95, signed(difference.p95), ratio.p95, '', ''],
  ]
  const { scanToConnectedEvent: connected, scanToCompleteEvent: complete } = productOnlyMs
  return [
    `${pairs} pairs, milliseconds`,
    table([
      ['', 'gateway', 'raw', 'difference', 'ratio', 'goal', ''],
      ...row('start → QR', startToQrMs),
      ...row('scan → open', scanToOpenMs),
    ]),
    `gateway alone: scan → page hears "connected" ${connected.median} (p95 ${connected.p95}), scan → complete ${complete.median} (p95 ${complete.p95})`,
    `CPU per link: gateway ${cpuMsPerLink.gateway} + database ${cpuMsPerLink.database}, raw ${cpuMsPerLink.raw}; the gateway's includes two messages sent`,
    ...(simulatorProblems > 0 ? [`The simulator met ${simulatorProblems} problems.`] : []),
  ].join('\n')
}

const signed = value => (value > 0 ? `+${value}` : String(value))
