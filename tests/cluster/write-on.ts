import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from './cluster.js'

/** People write to one session after the other until told to stop, whatever happens meanwhile. */
export function writeOn(cluster: Cluster): AsyncDisposable {
  const stopping = new AbortController()
  const { signal } = stopping
  const writing = (async () => {
    for (let next = 0; !signal.aborted; next += 1) {
      const session = cluster.sessions[next % cluster.sessions.length]
      if (session !== undefined) await cluster.text(session)
      await delay(200, undefined, { signal }).catch(() => {})
    }
  })()
  return {
    [Symbol.asyncDispose]: () => {
      stopping.abort()
      return writing
    },
  }
}
