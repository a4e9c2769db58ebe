import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Closing } from './closing.mjs'
import { idleReport } from './idle-report.mjs'
import { makeDataFolder, startGateway, startRaw } from './processes.mjs'
import { processorTime } from './processor-time.mjs'
import { writeLinked } from './raw-linked.mjs'
import { storeAccounts } from './seed/installation.mjs'
import { makeAccounts, startSeededSimulator } from './seed/seeded.mjs'

export const about = 'memory and processor time of idle sessions, 100/500/1,000, beside raw Baileys'

const STEPS = [100, 500, 1_000]
const QUICK_STEPS = [50, 150]
const CONTACTS = [0, 200]
/** Longer than every timer that a login leaves behind. */
const SETTLE_MS = 35_000
/** Four keep-alives of the gateway, two of raw Baileys. */
const WINDOW_MS = 60_000
const QUICK_WINDOW_MS = 30_000
const NODE_OPTIONS = ['--expose-gc']
const OPEN_LIMIT_MS = 900_000
/** Baileys' default would need a minute to cut a line; nobody compares handshakes here. */
const RAW_PACE = { rate: 40, burst: 10, mostUnderWay: 10 }
const UNPACED = { CONNECTS_PER_SECOND: '40', CONNECT_BURST: '20', CONNECTS_PER_SECOND_TOTAL: '40' }

/** @param {{ closing: Closing, say: (line: string) => void, quick: boolean, sessions?: number[], contacts?: number[] }} options */
export async function run({ closing, say, quick, sessions, contacts }) {
  const steps = sessions ?? (quick ? QUICK_STEPS : STEPS)
  const kinds = contacts ?? (quick ? [0] : CONTACTS)
  const series = []
  for (const each of kinds) {
    const own = new Closing()
    closing.add(own, () => own.close())
    const readings = await grow(own, { steps, contacts: each, windowMs: quick ? QUICK_WINDOW_MS : WINDOW_MS, say })
    await own.close()
    series.push({ contacts: each, readings })
  }
  return idleReport({ series, steps })
}

/** One installation that grows; at every step each side is started anew, so that only what a running session needs is in memory. */
async function grow(closing, { steps, contacts, windowMs, say }) {
  const folder = makeDataFolder(closing)
  const simulator = await startSeededSimulator(closing)
  const linked = { product: [], raw: [], floor: [] }
  const readings = []
  for (const count of steps) {
    for (const group of Object.keys(linked)) {
      const more = await makeAccounts(count - linked[group].length, { contacts })
      await simulator.add(group, more)
      if (group === 'product') await storeAccounts({ DATA_DIR: folder }, more)
      linked[group].push(...(group === 'product' ? more.map(() => null) : more))
    }
    say(`${count} sessions, ${contacts} contacts: stored`)
    const own = new Closing()
    closing.add(own, () => own.close())
    const reading = await measure(own, { folder, simulator, linked, count, windowMs })
    await own.close()
    for (const [side, { resident, measure: kind, idleCpuPercent }] of Object.entries(reading)) {
      const mebibytes = (resident / 2 ** 20).toFixed(1)
      say(
        `${count} sessions, ${contacts} contacts, ${side}: ${kind} ${mebibytes} MiB, ${idleCpuPercent.toFixed(2)} % of a core`,
      )
    }
    readings.push({ sessions: count, ...reading })
  }
  return readings
}

/** All sides stand beside each other, so that what else the machine does falls on all of them alike. */
async function measure(closing, { folder, simulator, linked, count, windowMs }) {
  const raw = await startSide('raw', {})
  const floor = await startSide('floor', { KEYS: 'elsewhere', KEEP_ALIVE_MS: '15000' })
  const gateway = await startGateway(closing, { simulator, folder, env: UNPACED, nodeOptions: NODE_OPTIONS })
  const children = { product: gateway.child, raw, floor }
  await untilOpen(simulator, children, count)
  // V8 collects what the start has left behind within a minute or two, half a second of work that is no idling: here before the window
  await Promise.all(Object.values(children).map(child => child.ask('memory')))
  await delay(SETTLE_MS)
  const cpu = await idleCpu(children, gateway.databasePid, windowMs)
  await untilOpen(simulator, children, count)
  const read = async ([side, child]) => {
    const [memory, logins] = [await child.ask('memory'), await simulator.logins(side)]
    return [side, { ...memory, idleCpuPercent: cpu[side], logins }]
  }
  const sides = Object.fromEntries(await Promise.all(Object.entries(children).map(read)))
  sides.product.databaseCpuPercent = cpu.database
  return sides

  async function startSide(side, env) {
    const child = await startRaw(closing, { simulator, nodeOptions: NODE_OPTIONS, env })
    const file = path.join(folder, `${side}.jsonl`)
    await writeLinked(file, linked[side])
    await child.ask('resume', { file, ...RAW_PACE })
    rmSync(file)
    return child
  }
}

async function untilOpen(simulator, children, count) {
  const deadline = performance.now() + OPEN_LIMIT_MS
  for (;;) {
    for (const child of Object.values(children)) child.assertRuns()
    const open = await Promise.all(Object.keys(children).map(side => simulator.open(side)))
    if (open.every(each => each === count)) return
    if (performance.now() > deadline) throw new Error(`${open.join(', ')} of ${count} sessions are open.`)
    await delay(250)
  }
}

/** Share of one core, in percent, while nothing happens. */
async function idleCpu(children, databasePid, windowMs) {
  const read = async () => {
    const times = await Promise.all(
      Object.entries(children).map(async ([side, child]) => [side, await child.ask('cpu')]),
    )
    return { ...Object.fromEntries(times), database: databasePid === null ? null : processorTime(databasePid) }
  }
  const before = await read()
  const since = performance.now()
  await delay(windowMs)
  const after = await read()
  const passed = performance.now() - since
  return Object.fromEntries(
    Object.entries(after).map(([side, time]) => [side, time === null ? null : ((time - before[side]) / passed) * 100]),
  )
}
