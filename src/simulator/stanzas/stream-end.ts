import type { Line } from '../accounts/person.js'
import { node, type Node } from '../wire/node-codec.js'

/** The stream errors a server ends a connection with; the client tells them apart by code and first child. */
export function streamError(code?: number, conflict?: string): Node {
  return node('stream:error', { code }, conflict === undefined ? undefined : [node('conflict', { type: conflict })])
}

/** The same identity logged in elsewhere. */
export const replaced = (): Node => streamError(undefined, 'replaced')

/** The person removed this device from the phone. */
export const deviceRemoved = (): Node => streamError(401, 'device_removed')

/** What a companion gets after a successful link: connect again, as yourself. */
export const restartRequired = (): Node => streamError(515)

/** Refuses a connection right after its handshake. */
export function fail(line: Line, reason: number, details: Record<string, string> = {}): void {
  dismiss(line, node('failure', { location: 'sim', ...details, reason }))
}

export function dismiss(line: Line, farewell: Node): void {
  line.send(farewell)
  line.close()
}
