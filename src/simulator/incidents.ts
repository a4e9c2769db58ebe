import type { Line } from './accounts/person.js'
import type { Node } from './wire/node-codec.js'

/** Points in the life of a connection at which something else than usual can be made to happen. */
export const MOMENTS = [
  /** a device came to be linked; instead of the refs for its QR codes */
  'registration',
  /** it took the refs, so it shows a QR code */
  'qr',
  /** it asked for a pairing code; instead of the answer */
  'code',
  /** a phone read its QR code; before the phone says yes */
  'look',
  /** a phone said yes, by scan or by code; instead of `pair-success` */
  'scan',
  /** `pair-success` has been sent */
  'paired',
  /** the device's reply to it was right; instead of the restart */
  'confirmed',
  /** a linked device came to log in; instead of `<success>` */
  'login',
  /** `<success>` was sent */
  'success',
  /** it declared itself active; instead of its offline queue */
  'syncing',
  /** its offline queue was sent; instead of the word that this was all */
  'queue',
  /** it sent a message; instead of the acknowledgement, and nobody gets it */
  'message',
] as const

export type Moment = (typeof MOMENTS)[number]

/** What happens to the connection; `request` is the stanza that brought it about, if it wants an answer. */
export type Incident = (line: Line, request?: Node) => void

export type PlannedIncident = {
  moment: Moment
  /** only for the account of this number; at `code` the number that was asked for */
  phone?: string | undefined
  /** only for this device of the account */
  device?: number | undefined
  /** only for clients of an older version than this */
  below?: readonly number[] | undefined
  /** until cleared, and not just once */
  always: boolean
  incident: Incident
}

type Who = { phone?: string; device?: number; version?: readonly number[] }

/** Mishaps that wait for their moment. */
export class Incidents {
  #planned: PlannedIncident[] = []

  plan(planned: PlannedIncident): void {
    this.#planned.push(planned)
  }

  /** Forgets what was planned, everything or for one moment. */
  clear(moment?: Moment): void {
    this.#planned = moment === undefined ? [] : this.#planned.filter(planned => planned.moment !== moment)
  }

  /** Lets the first incident that fits happen; answers whether there was one. */
  strike(moment: Moment, line: Line, who: Who = {}, request?: Node): boolean {
    const fits = ({ phone, device, below }: PlannedIncident): boolean =>
      (phone === undefined || phone === who.phone) &&
      (device === undefined || device === who.device) &&
      (below === undefined || isOlder(who.version ?? [], below))
    const found = this.#planned.find(planned => planned.moment === moment && fits(planned))
    if (!found) return false
    if (!found.always) this.#planned = this.#planned.filter(planned => planned !== found)
    found.incident(line, request)
    return true
  }
}

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  const place = than.findIndex((part, index) => part !== (version[index] ?? 0))
  return place >= 0 && (version[place] ?? 0) < (than[place] ?? 0)
}
