import { Pool } from 'pg'

export type PoolOptions = {
  /** Connection string of the app role. */
  url: string
  /** Connections this process may hold at once. */
  max?: number
  /** How long a caller waits for a connection, in milliseconds. */
  connectTimeoutMs?: number
}

/** A pool that opens its first connection when it is first needed. */
export function createPool({ url, max = 10, connectTimeoutMs = 5_000 }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'whizlite',
  })
  // An idle connection that breaks is dropped by the pool; the next user gets a new one. Without a listener the process would end.
  pool.on('error', () => {})
  // The same for one in use: whoever uses it hears of it by its statement, and the pool never gives it out again.
  pool.on('connect', client => client.on('error', () => {}))
  return pool
}
