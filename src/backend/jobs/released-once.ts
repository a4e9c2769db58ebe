import type { Pool, PoolClient } from 'pg'

type Connected = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (broken?: Error | boolean) => void,
) => void

/**
 * Makes it harmless that a connection taken with a callback is given back twice, which the pool answers by throwing. The job library does that to
 * the one it listens on, in a promise that nobody has, when it stops before the database has answered `listen` and that line breaks.
 * Source: `release` and `onErrorReleaseClientAndTryAgain` in `main.js` of graphile-worker 0.17.3.
 * @returns the pool that was given
 */
export function releasedOnce(pool: Pool): Pool {
  const connect = pool.connect.bind(pool)
  function connectOnce(): Promise<PoolClient>
  function connectOnce(connected: Connected): void
  function connectOnce(connected?: Connected): Promise<PoolClient> | void {
    if (connected === undefined) return connect()
    connect((error, client, release) => {
      let released = false
      connected(error, client, broken => {
        if (released) return
        released = true
        release(broken)
      })
    })
  }
  return Object.assign(pool, { connect: connectOnce })
}
