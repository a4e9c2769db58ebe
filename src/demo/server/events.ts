import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PhonesWatch } from '../phones/phones-watch.js'

const HEARTBEAT_MS = 15_000

/** Server-sent events: the whole view on connecting and after every change. A browser reconnects by itself and misses nothing. */
export function sendEvents(request: IncomingMessage, response: ServerResponse, watch: PhonesWatch): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  const end = watch.subscribe(json => response.write(`event: phones\ndata: ${json}\n\n`))
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS)
  request.once('close', () => {
    clearInterval(heartbeat)
    end()
  })
}
