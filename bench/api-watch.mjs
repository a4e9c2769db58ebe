import { setTimeout as delay } from 'node:timers/promises'
import { percentiles } from './statistics.mjs'

const EVERY_MS = 50

/**
 * Somebody who asks the gateway something all the time, one request after the other and no more than twenty a second.
 *
 * @param {string} url of the gateway
 * @param {string[]} paths in turn
 */
export function watchApi(url, paths) {
  const took = Object.fromEntries(paths.map(path => [path, []]))
  let failed = 0
  const stopping = new AbortController()
  const watching = (async () => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      const path = paths[turn % paths.length]
      const started = performance.now()
      const ok = await fetch(`${url}${path}`).then(
        async response => (await response.arrayBuffer(), response.status < 500),
        () => false,
      )
      took[path].push(performance.now() - started)
      if (!ok) failed += 1
      await delay(Math.max(0, EVERY_MS - (performance.now() - started)))
    }
  })()
  return async () => {
    stopping.abort()
    await watching
    const answers = Object.fromEntries(Object.entries(took).map(([path, samples]) => [path, percentiles(samples)]))
    return {
      requests: Object.values(took).flat().length,
      failed,
      all: percentiles(Object.values(took).flat()),
      answers,
    }
  }
}
