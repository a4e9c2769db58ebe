import { SERVER } from '../accounts/jid.js'
import { node, type Node } from '../wire/node-codec.js'
import type { Client } from './client.js'

function ib(content: Node): Node {
  return node('ib', { from: SERVER }, [content])
}

/** The client declared itself active: announce what waits for it, or tell it that nothing does. */
export function startDelivery(client: Client): void {
  const waiting = client.companion?.queue.all() ?? []
  if (waiting.length === 0) return finish(client, 0)
  client.phase = 'catching-up'
  client.announced = waiting.length
  const count = (tag: string): number => waiting.filter(stanza => stanza.tag === tag).length
  client.send(
    ib(
      node('offline_preview', {
        count: waiting.length,
        message: count('message'),
        receipt: count('receipt'),
        notification: count('notification'),
        appdata: 0,
      }),
    ),
  )
}

/** The client asked for the batch: everything announced goes out marked as offline, then what came in meanwhile. */
export function deliverBatch(client: Client): void {
  if (client.phase !== 'catching-up') return
  const waiting = [...(client.companion?.queue.all() ?? [])]
  const announced = Math.min(client.announced, waiting.length)
  waiting.slice(0, announced).forEach((stanza, index) => {
    client.send({ ...stanza, attrs: { ...stanza.attrs, offline: String(index) } })
  })
  finish(client, announced)
  for (const stanza of waiting.slice(announced)) client.send(stanza)
}

function finish(client: Client, count: number): void {
  client.caughtUp()
  client.send(ib(node('offline', { count })))
  client.companion?.person.phone.companionOnline(client.companion)
}
