import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { openLine } from './line.js'

test.each(['no JSON', '{"event":', 'null', '17', '[]', '{"data":{}}'])(
  'a frame of %s ends the line, and nothing is thrown where nobody catches it',
  async frame => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    try {
      await once(server, 'listening')
      const good = JSON.stringify({ event: 'pong', data: {}, seq: 0 })
      server.on('connection', socket => [good, frame, good].forEach(text => socket.send(text)))
      const heard: unknown[] = []
      const line = await openLine({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ticket: 'wst_x',
        hear: each => heard.push(each),
      })
      await line.over
      expect(heard).toEqual([JSON.parse(good)])
    } finally {
      server.close()
    }
  },
)
