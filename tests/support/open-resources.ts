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

/** Of which kinds there are more than before, and how many more. */
export function moreThan(before: Counts, now: Counts): Counts {
  const more = Object.entries(now).map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
  return Object.fromEntries(more.filter(([, count]) => count > 0))
}

/** Listeners of the process itself, by event. */
export function processListeners(): Counts {
  return Object.fromEntries(process.eventNames().map(name => [String(name), process.listenerCount(name)]))
}
