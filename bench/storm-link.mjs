import { startGateway, startRaw, startSimulator } from './processes.mjs'
import { Attempts } from './storm-attempts.mjs'
import { compareProcessorTime } from './storm-compare.mjs'
import { ramp } from './storm-ramp.mjs'
import { stormReport } from './storm-report.mjs'
import { untilQuiet } from './processor-time.mjs'
import { QrReader } from './qr-reader.mjs'

export const about =
  'attempts per minute until the p99 of start → QR doubles, and processor time per link beside raw Baileys'

const FULL = {
  warmUp: 8,
  alone: { most: 100, least: 40, limitMs: 40_000 },
  compare: { perMinute: 120, rounds: 3, attempts: 10 },
  ramp: { firstPerMinute: 90, factor: 1.5, least: 30, leastMs: 12_000 },
}
const QUICK = {
  warmUp: 4,
  alone: { most: 40, least: 20, limitMs: 15_000 },
  compare: { perMinute: 120, rounds: 1, attempts: 10 },
  ramp: { firstPerMinute: 120, factor: 2, least: 20, leastMs: 6_000 },
}

/** As many visitors as there are attempts, each with an address of their own; no limit but the machine's is to be met. */
const ENV = { TRUST_PROXY: 'loopback', LINK_MAX_PER_NODE: '5000', LINK_MAX_ACTIVE: '5000' }

/** @param {{ closing: import('./closing.mjs').Closing, say: (line: string) => void, quick?: boolean }} options */
export async function run({ closing, say, quick = false }) {
  const plan = quick ? QUICK : FULL
  const reader = closing.add(new QrReader(), () => reader.close())
  const simulator = await startSimulator(closing)
  const gateway = await startGateway(closing, { simulator: simulator.control, env: ENV })
  const raw = await startRaw(closing, { simulator: simulator.control })
  const attempts = new Attempts({ simulator: simulator.control, gateway, raw, reader })

  await untilQuiet([gateway.child, raw])
  await oneByOne(attempts, 'product', { most: plan.warmUp })
  await oneByOne(attempts, 'raw', { most: plan.warmUp })
  say(`warmed up with ${plan.warmUp} attempts each`)

  const processorTime = await compareProcessorTime({ attempts, gateway, raw, simulator, say, plan: plan.compare })
  await untilQuiet([gateway.child, raw])
  const alone = await oneByOne(attempts, 'product', plan.alone)
  say(`alone: ${alone.length} attempts, one after the other`)
  const steps = await ramp({ attempts, gateway, simulator, say, alone, plan: plan.ramp })

  return stormReport({ alone, steps, processorTime, problems: (await simulator.control.problems()).length })
}

/**
 * Fewer than `most` when they take longer than `limitMs`, on a busy machine.
 *
 * @returns {Promise<number[]>} start → QR of each, in milliseconds
 */
async function oneByOne(attempts, side, { most, least = most, limitMs = 0 }) {
  const phones = await attempts.phones(most)
  const times = []
  const since = performance.now()
  for (const phone of phones) {
    if (times.length >= least && performance.now() - since > limitMs) break
    const { startToQr } = await attempts.make(side, { phone, due: performance.now(), cancels: true })
    times.push(startToQr)
  }
  return times
}
