import { availableParallelism, cpus } from 'node:os'
import { processorTime } from './processor-time.mjs'

/** From this share on a processor, or a single thread, counts as full. */
const FULL = 0.85

/** How busy everything is from now until `stop` is called, each as a share of one core; `machine` of all cores. */
export async function startMeter({ gateway, simulator }) {
  const before = await read({ gateway, simulator })
  return {
    async stop() {
      const after = await read({ gateway, simulator })
      const wall = after.at - before.at
      const share = name => (after[name] - before[name]) / wall
      const { busy, all } = after.machine
      const shares = {
        gatewayLoop: (after.loop.active - before.loop.active) / wall,
        gateway: share('gateway'),
        database: share('database'),
        simulator: share('simulator'),
        bench: share('bench'),
        machine: (busy - before.machine.busy) / Math.max(1, all - before.machine.all),
      }
      const cores = shares.machine * availableParallelism()
      const others = cores - shares.gateway - shares.database - shares.simulator - shares.bench
      return { ...shares, others: Math.max(0, others) }
    },
  }
}

async function read({ gateway, simulator }) {
  const { user, system } = process.cpuUsage()
  return {
    at: performance.now(),
    gateway: await gateway.child.ask('cpu'),
    loop: await gateway.child.ask('loop'),
    database: processorTime(gateway.databasePid),
    simulator: processorTime(simulator.pid),
    bench: (user + system) / 1000,
    machine: machineTime(),
  }
}

function machineTime() {
  let busy = 0
  let all = 0
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq
    busy += used
    all += used + times.idle
  }
  return { busy, all }
}

/**
 * What stood in the way when start → QR became slow. A full machine is named first: on it every thread looks busy.
 *
 * @returns {{ kind: 'machine' | 'gateway' | 'simulator' | 'bench' | 'database' | 'bursts', text: string }}
 */
export function bottleneckOf(busy) {
  const percent = name => `${Math.round(busy[name] * 100)} %`
  if (busy.machine >= FULL) {
    const parts = ['gateway', 'database', 'simulator', 'bench', 'others'].map(name => `${name} ${percent(name)}`)
    return {
      kind: 'machine',
      text: `the machine's cores, ${percent('machine')} busy (of one core: ${parts.join(', ')})`,
    }
  }
  if (busy.gatewayLoop >= FULL) {
    return { kind: 'gateway', text: `the gateway's event loop, ${percent('gatewayLoop')} of the time busy` }
  }
  for (const kind of ['simulator', 'bench', 'database']) {
    if (busy[kind] >= FULL) return { kind, text: `the ${kind}, ${percent(kind)} of a core` }
  }
  return {
    kind: 'bursts',
    text: `no processor was full (machine ${percent('machine')}, gateway's event loop ${percent('gatewayLoop')}): links stood in each other's way for moments`,
  }
}
