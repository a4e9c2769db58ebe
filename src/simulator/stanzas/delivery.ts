import { SERVER } from '../accounts/jid.js'
import type { Incidents } from '../incidents.js'
import { node, type Node } from '../wire/node-codec.js'
import type { Client } from './client.js'

export type DeliveryDeps = { incidents: Incidents }

function ib(content: Node): Node {
  return node('ib', { from: SERVER }, [content])
}

function whoseOf({ companion }: Client): { phone?: string; device?: number } {
  return companion ? { phone: companion.person.phoneNumber, device: companion.deviceId } : {}
}

/** The client declared itself active: announce what waits for it, or tell it that nothing does. */
export function startDelivery(deps: DeliveryDeps, client: Client): void {
  if (client.phase !== 'login' || deps.incidents.strike('syncing', client, whoseOf(client))) return
  const waiting = client.companion?.queue.all() ?? []
  const endless = client.companion?.mishaps.endless !== undefined
  if (waiting.length === 0 && !endless) return finish(deps, client, 0)
  client.phase = 'catching-up'
  client.announced = waiting.length
  const count = (tag: string): number => waiting.filter(stanza => stanza.tag === tag).length
  client.send(
    ib(
      node('offline_preview', {
        count: Math.max(waiting.length, endless ? 1 : 0),
        message: count('message'),
        receipt: count('receipt'),
        notification: count('notification'),
        appdata: 0,
      }),
    ),
  )
}

/** The client asked for the batch: everything announced goes out marked as offline, then what came in meanwhile. */
export function deliverBatch(deps: DeliveryDeps, client: Client): void {
  const { companion } = client
  if (client.phase !== 'catching-up' || !companion || client.marked > 0) return
  const waiting = [...companion.queue.all()]
  const last = stuckAt(client, waiting)
  if (last !== undefined) return waiting.slice(0, last + 1).forEach(stanza => client.sendOffline(stanza))
  deliver(deps, client, waiting)
}

/** Something was acknowledged: what waited for that goes on. */
export function goOn(deps: DeliveryDeps, client: Client): void {
  const { companion } = client
  if (!companion) return
  if (client.phase === 'streaming') companion.mishaps.endless?.()
  if (client.phase !== 'catching-up' || client.marked === 0 || companion.mishaps.stuck) return
  deliver(deps, client, [...companion.queue.all()])
}

function deliver(deps: DeliveryDeps, client: Client, waiting: Node[]): void {
  const endless = client.companion?.mishaps.endless
  const announced = endless ? waiting.length : Math.min(client.announced - client.marked, waiting.length)
  for (const stanza of waiting.slice(0, announced)) client.sendOffline(stanza)
  if (endless) {
    client.phase = 'streaming'
    return endless()
  }
  finish(deps, client, client.marked)
  for (const stanza of waiting.slice(announced)) client.push(stanza)
}

/** Where in the queue the stanza is that nothing may pass; its id is settled by the first login that meets it. */
function stuckAt({ companion }: Client, waiting: Node[]): number | undefined {
  const stuck = companion?.mishaps.stuck
  if (!stuck) return undefined
  stuck.id ??= waiting.find(({ tag }) => tag === 'message')?.attrs['id']
  const place = waiting.findIndex(({ tag, attrs }) => tag === 'message' && attrs['id'] === stuck.id)
  return place < 0 ? undefined : place
}

function finish(deps: DeliveryDeps, client: Client, count: number): void {
  const withheld = deps.incidents.strike('queue', client, whoseOf(client))
  client.caughtUp()
  if (!withheld) client.send(ib(node('offline', { count })))
  client.companion?.person.phone.companionOnline(client.companion)
}
