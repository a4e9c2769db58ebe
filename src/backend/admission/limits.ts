import { networksOf } from '../http/network-of.js'
import type { Start } from './admission.js'
import type { Subject, Subjects } from './subjects.js'

export type AdmissionSettings = {
  /** No visitor may begin; services may, unless this process runs no sessions at all. */
  closed: boolean | 'to everybody'
  /** Starts an hour of one address; a quarter of it at the same time. */
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
  /** What a cool-down may come to, which doubles with each start over a count over time. More at the same time is no offence. */
  longestSeconds: number
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
const day = 24 * hour

/** A number that WhatsApp itself refuses. */
export const longestRefusalSeconds = day

/**
 * The limits of a start. Callers without an address are not counted. Nobody passes the wait that WhatsApp itself has asked for.
 * Per number they are those of reliability.md 4.5, and for codes alone: only a code makes a stranger's phone ring.
 *
 * A cool-down of what others share, too, ends within an hour: anybody may ask for anybody's number, and nobody is to lock its owner out for
 * a day with that, nor all neighbours in a wide network. Only who is alone behind an address waits for as long as they have earned.
 */
export function countingOf(
  { address, phoneNumber }: Start,
  subjects: Subjects,
  { perAddress }: AdmissionSettings,
): Counting {
  const refused = phoneNumber === null ? [] : [subjects.ofRefusedNumber(phoneNumber)]
  if (address === null) return { counted: [], limits: [], obeyed: refused }
  const atOnce = Math.max(1, Math.floor(perAddress / 4))
  const networks = networksOf(address).map(({ name, times }) => ({ subject: subjects.ofNetwork(name), times }))
  const limits = networks.flatMap(({ subject, times }): Limit[] => {
    const longestSeconds = times === 1 ? day : hour
    return [
      { subject, most: perAddress * times, seconds: hour, longestSeconds },
      { subject, most: atOnce * times, seconds: null, longestSeconds },
    ]
  })
  const from = networks.map(({ subject }) => subject)
  if (phoneNumber === null) return { counted: from, limits, obeyed: from }
  const subject = subjects.ofNumber(phoneNumber)
  limits.push(
    { subject, most: 1, seconds: null, longestSeconds: hour },
    { subject, most: 3, seconds: hour, longestSeconds: hour },
    { subject, most: 6, seconds: day, longestSeconds: hour },
  )
  return { counted: [...from, subject], limits, obeyed: [...from, subject, ...refused] }
}
