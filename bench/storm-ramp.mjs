import { setTimeout as delay } from 'node:timers/promises'
import { arrive } from './storm-arrivals.mjs'
import { bottleneckOf, startMeter } from './storm-meter.mjs'
import { percentiles } from './statistics.mjs'

/** What a step leaves behind (history that never comes, keys made ahead) is not charged to the next. */
const PAUSE_MS = 1_500
const MOST_STEPS = 12
const STEPS_DOWN = 2
/** Times the limit. */
const FAR = 3

/**
 * Steps of growing rate until the p99 of start → QR is more than twice that of attempts alone, and is so in the step after it as well: one
 * hiccup of a shared machine is no limit. What is far beyond it is none either way, and needs no second step. When the very first steps
 * are over, it goes down a little.
 *
 * @returns one entry a step, by rate
 */
export async function ramp({ attempts, gateway, simulator, say, alone, plan }) {
  const limit = 2 * percentiles(alone).p99
  const steps = []
  const take = async perMinute => {
    const step = await oneStep({ attempts, gateway, simulator, perMinute, plan })
    step.doubled = step.startToQrMs.p99 > limit || step.failed > 0
    steps.push(step)
    const { p50, p99 } = step.startToQrMs
    say(
      `${perMinute} a minute: start → QR p50 ${p50}, p99 ${p99} ms (twice alone is ${limit.toFixed(0)}), ${step.failed} failed`,
    )
    await delay(PAUSE_MS)
    if (step.failed > 0 || step.startToQrMs.p99 > FAR * limit) return 2
    return step.doubled ? 1 : 0
  }
  let rate = plan.firstPerMinute
  let over = 0
  while (over < 2 && steps.length < MOST_STEPS) {
    const more = await take(Math.round(rate))
    over = more === 0 ? 0 : over + more
    rate *= plan.factor
  }
  rate = plan.firstPerMinute
  for (let down = 1; down <= STEPS_DOWN && steps.every(({ doubled }) => doubled); down += 1) {
    rate /= plan.factor
    await take(Math.round(rate))
  }
  return steps.toSorted((a, b) => a.perMinute - b.perMinute)
}

async function oneStep({ attempts, gateway, simulator, perMinute, plan }) {
  const within = ms => Math.ceil((perMinute * ms) / 60_000)
  const count = Math.max(within(plan.leastMs), Math.min(plan.least, within(2 * plan.leastMs)))
  const phones = await attempts.phones(count)
  const meter = await startMeter({ gateway, simulator })
  let busy = null
  const last = (count / perMinute) * 60_000
  const reading = delay(last).then(async () => (busy = await meter.stop()))
  const { made, failed } = await arrive({
    perMinute,
    items: phones,
    begin: (phone, due) => attempts.make('product', { phone, due }),
  })
  await reading
  const ends = made.map(({ scanToEnd }) => scanToEnd).filter(time => time !== null)
  return {
    perMinute,
    attempts: count,
    linked: ends.length,
    failed: failed.length,
    ...(failed.length > 0 && { firstFailure: failed[0].message }),
    startToQrMs: percentiles(made.map(({ startToQr }) => startToQr)),
    scanToCompleteMs: percentiles(ends),
    busy,
    bottleneck: bottleneckOf(busy),
  }
}
