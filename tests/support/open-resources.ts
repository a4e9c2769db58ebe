import { setTimeout as delay } from 'node:timers/promises'
import type { Rows } from './rows.js'

export type Counts = Record<string, number>

/**
 * What keeps this process alive, counted by kind, such as `TCPSocketWrap`. The connections that the database's pool keeps for a while are
 * left out, and the timers that end them: there are as many as were needed at once.
 */
export async function openResources(rows: Rows): Promise<Counts> {
  const [pool] = await rows.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  const counts: Counts = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  for (const kind of ['TCPSocketWrap', 'Timeout']) counts[kind] = (counts[kind] ?? 0) - (pool?.count ?? 0)
  return counts
}

/**
 * The most there was of each kind at one time, looked at until nothing has become more for long: a process that has only just started sets up
 * some of what it keeps later (who does its jobs has no timer yet), and a connection in use has no timer that would end it.
 * @param looks in a row that find nothing more
 */
export async function mostAtRest(look: () => Promise<Counts>, looks = 40): Promise<Counts> {
  const most: Counts = {}
  for (let same = 0; same < looks; same++) {
    const now = await look()
    if (Object.keys(moreThan(most, now)).length > 0) same = 0
    for (const [kind, count] of Object.entries(now)) most[kind] = Math.max(count, most[kind] ?? count)
    await delay(50)
  }
  return most
}

/** Of which kinds there are more than before, and how many more. */
export function moreThan(before: Counts, now: Counts): Counts {
  const more = Object.entries(now).map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
  return Object.fromEntries(more.filter(([, count]) => count > 0))
}

/** Listeners of the process itself, by event. */
export function processListeners(): Counts {
  return Object.fromEntries(process.eventNames().map(name => [String(name), process.listenerCount(name)]))
}
