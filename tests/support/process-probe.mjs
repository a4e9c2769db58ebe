import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { getHeapSpaceStatistics, queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Loaded into a gateway before anything else (`--import`): on the socket PROBE_SOCKET it tells what the process holds. Whoever waits for a
// random part of a time waits for none of it, so that a session whose line is ended a thousand times does not take days.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
Math.random = () => 0
const { constructor: Timeout } = setTimeout(() => {}, 0)

/** Of the classes of the build that PROBE_CLASSES names, as `file#name`. */
const classes = await Promise.all(
  (process.env.PROBE_CLASSES ?? '').split(',').map(async each => {
    const [file, name] = each.split('#')
    return [name, file]
  }),
)

const counted = names => {
  const counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

async function held() {
  // what was just let go of is let go of in several turns
  for (let turn = 0; turn < 4; turn++) {
    collect()
    await delay(50)
  }
  collect()
  // those that would not keep the process alive included
  const objects = { Timeout: queryObjects(Timeout, { format: 'count' }) }
  for (const [name, file] of classes)
    if (file) objects[name] = queryObjects((await import(file))[name], { format: 'count' })
  return {
    heap: process.memoryUsage().heapUsed,
    external: process.memoryUsage().external,
    spaces: Object.fromEntries(getHeapSpaceStatistics().map(each => [each.space_name, each.space_used_size])),
    resources: counted(process.getActiveResourcesInfo()),
    listeners: Object.fromEntries(process.eventNames().map(name => [String(name), process.listenerCount(name)])),
    files: readdirSync('/proc/self/fd').length,
    objects,
  }
}

createServer((_request, response) => {
  held().then(
    found => response.end(JSON.stringify(found)),
    error => response.writeHead(500).end(String(error)),
  )
})
  .listen(process.env.PROBE_SOCKET)
  .unref()
