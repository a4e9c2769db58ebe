import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'

// Loaded with --import into each process that is measured, the gateway and raw Baileys alike. A worker thread is measured with its process.
if (isMainThread) {
  const { answer } = await import('./answers.mjs')
  answer({ cpu, memory, loop: () => performance.eventLoopUtilization() })
}

/** Processor time of all threads so far, in milliseconds. */
function cpu() {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return (userCPUTime + systemCPUTime) / 1000
}

const COLLECTIONS = 12
const PAUSE_MS = 500

/**
 * Memory in bytes once collecting frees nothing more. V8 gives pages back in the turns after a collection, so several are made with pauses.
 */
async function memory() {
  let least = Infinity
  for (let turn = 0; turn < COLLECTIONS; turn += 1) {
    globalThis.gc?.()
    await delay(PAUSE_MS)
    least = Math.min(least, resident().bytes)
  }
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return { resident: least, measure: resident().measure, heap: heapUsed, external, arrayBuffers }
}

/** Proportional set size where the system tells it: pages that processes share are divided among them. */
function resident() {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1]
    if (kilobytes !== undefined) return { bytes: Number(kilobytes) * 1024, measure: 'PSS' }
  } catch {
    // Not on Linux.
  }
  return { bytes: process.memoryUsage().rss, measure: 'RSS' }
}
