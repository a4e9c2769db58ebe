import { setTimeout as delay } from 'node:timers/promises'
import { readQrPicture } from '../dist/simulator/phone/qr-picture.js'
import { Closing } from './closing.mjs'
import { idleReport } from './idle-report.mjs'
import { startGateway, startRaw, startSimulator } from './processes.mjs'
import { untilQuiet } from './processor-time.mjs'
import { Visitor } from './visitor.mjs'

export const about = 'memory for each further idle session, 50 to 200, beside raw Baileys'

const STEPS = [50, 200]
/** Links under way at once; more only queue for the same core. */
const AT_ONCE = 4
/** Longer than every timer that a login leaves behind (Baileys waits 20 s for a history that does not come). */
const SETTLE_MS = 30_000
/** Keep-alive of 200 sessions is idleness too. */
const IDLE_SHARE = 0.15
const NODE_OPTIONS = ['--expose-gc']

/** @param {{ closing: Closing, say: (line: string) => void }} options */
export async function run({ closing, say }) {
  const measured = {}
  for (const [side, start] of Object.entries({ product: startProduct, raw: startPlain })) {
    const own = new Closing()
    closing.add(own, () => own.close())
    const simulator = await startSimulator(own)
    const { child, link, more } = await start(own, simulator.control)
    measured[side] = await grow({ child, link, more, simulator, say: line => say(`${side}: ${line}`) })
    await own.close()
  }
  return idleReport({ ...measured, steps: STEPS })
}

async function grow({ child, link, more, simulator, say }) {
  const readings = []
  let next = 0
  for (const count of STEPS) {
    const worker = async () => {
      while (next < count) await link(await simulator.control.phone(String(254_700_200_000 + next++)))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    await untilQuiet([child], IDLE_SHARE)
    const idle = await idleCpu(child)
    const online = (await simulator.control.phones()).filter(({ devices }) => devices === 1).length
    if (online !== count) throw new Error(`${online} of ${count} sessions are linked.`)
    const reading = { sessions: count, ...(await child.ask('memory')), ...idle, ...(await more?.()) }
    readings.push(reading)
    say(`${count} sessions: ${reading.measure} ${megabytes(reading.resident)}, heap ${megabytes(reading.heap)} MB`)
  }
  return readings
}

const megabytes = bytes => (bytes / 2 ** 20).toFixed(1)

/** Share of one core, in percent, while nothing happens; this is the settling time as well. */
async function idleCpu(child) {
  const before = await child.ask('cpu')
  const since = performance.now()
  await delay(SETTLE_MS)
  return { idleCpuPercent: (((await child.ask('cpu')) - before) / (performance.now() - since)) * 100 }
}

async function startProduct(closing, simulator) {
  const env = { LINK_DEFAULT: 'managed' }
  const gateway = await startGateway(closing, { simulator, env, nodeOptions: NODE_OPTIONS })
  return {
    child: gateway.child,
    async link(phone) {
      const visitor = new Visitor(gateway.url)
      const { picture } = await visitor.start()
      await visitor.listen()
      await phone.scan(readQrPicture(picture))
      await visitor.heard('complete')
      visitor.leave()
    },
    async more() {
      const { sessions } = await (await fetch(`${gateway.url}/health`)).json()
      return { connectedByItsOwnCount: sessions }
    },
  }
}

async function startPlain(closing, simulator) {
  const child = await startRaw(closing, { simulator, nodeOptions: NODE_OPTIONS })
  return {
    child,
    async link(phone) {
      const account = phone.phoneNumber
      const { qr } = await child.ask('start', { account })
      await phone.scan(qr)
      await child.ask('opened', { account })
    },
  }
}
