import type { Line } from '../accounts/person.js'
import type { Ending } from '../control-surface.js'
import { node, type Node } from '../wire/node-codec.js'

/** The stream errors a server ends a connection with; the client tells them apart by code and first child. */
export function streamError(code?: number, conflict?: string): Node {
  return node('stream:error', { code }, conflict === undefined ? undefined : [node('conflict', { type: conflict })])
}

/** The same identity logged in elsewhere. */
export const replaced = (): Node => streamError(undefined, 'replaced')

/** The person removed this device from the phone. */
export const deviceRemoved = (): Node => streamError(401, 'device_removed')

/** A server that restarts or has too much to do. */
export const unavailable = (): Node => streamError(503)

/** What a companion gets after a successful link: connect again, as yourself. */
export const restartRequired = (): Node => streamError(515)

/** What the ledger keeps of a farewell. */
export function endingOf({ tag, attrs, content }: Node): Ending {
  const reason = tag === 'failure' || tag === 'xmlstreamend' ? tag : 'stream:error'
  const code = tag === 'failure' ? attrs['reason'] : attrs['code']
  const first = Array.isArray(content) ? content[0] : undefined
  const type = first?.attrs['type']
  return {
    reason,
    ...(code === undefined ? {} : { code }),
    ...(first ? { child: first.tag } : {}),
    ...(type === undefined ? {} : { type }),
  }
}

/** Refuses a connection right after its handshake. */
export function fail(line: Line, reason: number, details: Record<string, string> = {}): void {
  line.dismiss(node('failure', { location: 'sim', ...details, reason }))
}
