import type { Rows } from './rows.js'

/**
 * What keeps this process alive, counted by kind, such as `TCPSocketWrap`; connections to the test's database are left out, because its pool
 * keeps as many as were needed at once.
 */
export async function openResources(rows: Rows): Promise<Record<string, number>> {
  const [pool] = await rows.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  counts['TCPSocketWrap'] = (counts['TCPSocketWrap'] ?? 0) - (pool?.count ?? 0)
  return counts
}

/** Listeners of the process itself, by event. */
export function processListeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map(name => [String(name), process.listenerCount(name)]))
}
