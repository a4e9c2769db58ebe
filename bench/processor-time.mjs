import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

let ticksPerSecond = null

/**
 * Processor time of a process and its living and ended children, in milliseconds; null where there is no /proc.
 *
 * @param {number} pid
 */
export function processorTime(pid) {
  if (process.platform !== 'linux') return null
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null
    if (stat === null) continue
    if (Number(name) === pid) ticks += stat.own + stat.endedChildren
    else if (stat.parent === pid) ticks += stat.own
  }
  return (ticks * 1000) / ticksPerSecond
}

function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields 4 (parent), 14 and 15 (own time), 16 and 17 (ended children); the name in parentheses may hold spaces.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    return { parent: fields[1], own: fields[11] + fields[12], endedChildren: fields[13] + fields[14] }
  } catch {
    return null
  }
}

/** Processor time so far of everything that a link keeps busy, in milliseconds. */
export async function spent({ gateway, raw, simulator }) {
  return {
    gateway: await gateway.child.ask('cpu'),
    raw: await raw.ask('cpu'),
    database: processorTime(gateway.databasePid),
    simulator: processorTime(simulator.pid),
  }
}

const WINDOW_MS = 200
const LIMIT_MS = 60_000

/**
 * Waits until processes do next to nothing, so that what one side still tidies up is not charged to the other.
 *
 * @param {import('./child.mjs').Child[]} children
 * @param {number} share of one core that counts as nothing
 */
export async function untilQuiet(children, share = 0.03) {
  const deadline = performance.now() + LIMIT_MS
  let before = await times(children)
  for (let since = performance.now(); ; since = performance.now()) {
    await delay(WINDOW_MS)
    const now = await times(children)
    if (now.every((time, index) => time - before[index] < share * (performance.now() - since))) return
    if (performance.now() > deadline) throw new Error(`The processes were not quiet within ${LIMIT_MS} ms.`)
    before = now
  }
}

const times = children => Promise.all(children.map(child => child.ask('cpu')))
