import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { watchApi } from './api-watch.mjs'
import { Closing } from './closing.mjs'
import { connectLimits, underWay, withoutLimits } from './connect-limits.mjs'
import { makeDataFolder, startGateway, startRaw } from './processes.mjs'
import { processorTime } from './processor-time.mjs'
import { writeLinked } from './raw-linked.mjs'
import { restoreReport } from './restore-report.mjs'
import { storeAccounts } from './seed/installation.mjs'
import { makeAccounts, startSeededSimulator } from './seed/seeded.mjs'

export const about = '1,000 sessions after kill -9: until all are online, the API meanwhile, beside raw Baileys'

const SESSIONS = 1_000
const QUICK_SESSIONS = 100
const OPEN_LIMIT_MS = 400_000
const LOOK_EVERY_MS = 200
/** What a login leaves to do after its device is open. */
const AFTER_MS = 3_000
/** Between one run and the next: what the last login left behind has ended. */
const SETTLE_MS = 10_000
const PATHS = ['/health', '/api/sessions/00000000-0000-4000-8000-000000000000', '/']

/** @param {{ closing: Closing, say: (line: string) => void, quick: boolean, sessions?: number[] }} options */
export async function run({ closing, say, quick, sessions }) {
  const [count] = sessions ?? [quick ? QUICK_SESSIONS : SESSIONS]
  const folder = makeDataFolder(closing)
  const simulator = await startSeededSimulator(closing)
  const product = await makeAccounts(count)
  const raw = await makeAccounts(count)
  await simulator.add('product', product)
  await simulator.add('raw', raw)
  await storeAccounts({ DATA_DIR: folder }, product)
  const file = path.join(folder, 'raw.jsonl')
  await writeLinked(file, raw)
  say(`${count} sessions stored`)

  const rows = []
  const note = row => {
    rows.push(row)
    say(`${row.side}, ${row.pacing}: all online after ${(row.allOpenMs / 1_000).toFixed(1)} s`)
  }
  const before = await startGateway(closing, { simulator, folder, env: withoutLimits })
  await untilOpen(simulator, 'product', count, before.child)
  let gateway = before
  for (const [pacing, env] of [
    ['the default', {}],
    ['none', withoutLimits],
  ]) {
    await delay(SETTLE_MS)
    await gateway.child.kill()
    const restored = await restoreProduct(closing, { simulator, folder, env, count })
    gateway = restored.gateway
    note({ side: 'product', pacing, ...restored.row })
  }
  await gateway.child.stop()

  const pace = connectLimits()
  for (const [pacing, limits] of [
    ['the default', pace],
    ['none', underWay],
  ]) {
    const own = new Closing()
    closing.add(own, () => own.close())
    note({ side: 'raw', pacing, ...(await restoreRaw(own, { simulator, file, count, limits })) })
    await own.close()
  }
  rmSync(file)
  return restoreReport({ rows, count, pace })
}

async function restoreProduct(closing, { simulator, folder, env, count }) {
  const since = Date.now()
  const loginsBefore = await simulator.logins('product')
  const gateway = await startGateway(closing, { simulator, folder, env })
  const apiUp = await cpuOf(gateway)
  const stopWatching = watchApi(gateway.url, PATHS)
  await untilOpen(simulator, 'product', count, gateway.child)
  const api = await stopWatching()
  await delay(AFTER_MS)
  const settled = await cpuOf(gateway)
  const opened = await openings(simulator, 'product', since)
  const row = {
    ...opened,
    apiUpMs: gateway.apiUpMs,
    api,
    cpuPerSessionMs: (settled.process - apiUp.process) / count,
    databaseCpuPerSessionMs: settled.database === null ? null : (settled.database - apiUp.database) / count,
    loginsPerSession: ((await simulator.logins('product')) - loginsBefore) / count,
  }
  return { gateway, row }
}

async function restoreRaw(closing, { simulator, file, count, limits }) {
  const since = Date.now()
  const loginsBefore = await simulator.logins('raw')
  const child = await startRaw(closing, { simulator })
  const ready = await child.ask('cpu')
  await child.ask('resume', { file, ...limits })
  await untilOpen(simulator, 'raw', count, child)
  await delay(AFTER_MS)
  return {
    ...(await openings(simulator, 'raw', since)),
    cpuPerSessionMs: ((await child.ask('cpu')) - ready) / count,
    loginsPerSession: ((await simulator.logins('raw')) - loginsBefore) / count,
  }
}

async function cpuOf({ child, databasePid }) {
  return {
    process: await child.ask('cpu'),
    database: databasePid === null ? null : processorTime(databasePid),
  }
}

/** From the start of the process, by the simulator's record of when each device was open. */
async function openings(simulator, group, since) {
  const after = (await simulator.changes(group, since))
    .map(({ openedAt }) => openedAt - since)
    .toSorted((a, b) => a - b)
  return { firstOpenMs: after[0], halfOpenMs: after[Math.floor(after.length / 2)], allOpenMs: after.at(-1) }
}

async function untilOpen(simulator, group, count, child) {
  const deadline = performance.now() + OPEN_LIMIT_MS
  while ((await simulator.open(group)) < count) {
    child.assertRuns()
    if (performance.now() > deadline) throw new Error(`${await simulator.open(group)} of ${count} sessions are online.`)
    await delay(LOOK_EVERY_MS)
  }
}
