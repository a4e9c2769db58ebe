import type { Start } from './admission.js'
import type { Subject, Subjects } from './subjects.js'

export type AdmissionSettings = {
  /** Starts an hour of one address; a sixth of it at the same time. */
  perAddress: number
  /** Attempts that have a place on one node; the same on all nodes. */
  perNode: number
  /** Attempts that have a place on all nodes together. */
  active: number
  /** Attempts that wait on all nodes together. */
  queued: number
}

export type Limit = {
  subject: Subject
  most: number
  /** Within so many seconds; `null`: at the same time. */
  seconds: number | null
}

/** What a start is held against. */
export type Counting = {
  /** What is counted against `limits`. */
  counted: Subject[]
  limits: Limit[]
  /** Whose cool-downs are obeyed. */
  obeyed: Subject[]
}

const hour = 60 * 60

/**
 * The limits of a start. Callers without an address are not counted. Nobody passes the wait that WhatsApp itself has asked for.
 * Per number they are those of reliability.md 4.5, and for codes alone: only a code makes a stranger's phone ring.
 */
export function countingOf(
  { address, phoneNumber }: Start,
  subjects: Subjects,
  { perAddress }: AdmissionSettings,
): Counting {
  const refused = phoneNumber === null ? [] : [subjects.ofRefusedNumber(phoneNumber)]
  if (address === null) return { counted: [], limits: [], obeyed: refused }
  const from = subjects.ofAddress(address)
  const limits: Limit[] = [
    { subject: from, most: perAddress, seconds: hour },
    { subject: from, most: Math.max(1, Math.floor(perAddress / 6)), seconds: null },
  ]
  if (phoneNumber === null) return { counted: [from], limits, obeyed: [from] }
  const number = subjects.ofNumber(phoneNumber)
  limits.push(
    { subject: number, most: 1, seconds: null },
    { subject: number, most: 3, seconds: hour },
    { subject: number, most: 6, seconds: 24 * hour },
  )
  return { counted: [from, number], limits, obeyed: [from, number, ...refused] }
}
