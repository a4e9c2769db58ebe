import {
  bySession,
  type Command,
  type Connected,
  type Connection,
  type Finding,
  type History,
  type LeaseChange,
} from './history.js'
import type { Limits } from './limits.js'

const invariant = 'commands'

/** What a command may be answered with. */
const answers: Readonly<Record<string, readonly string[]>> = {
  disconnect: ['disconnected'],
  'hand-off': ['handed_off'],
  connect: ['connecting', 'reconnecting', 'connected'],
  reconnect: ['connecting', 'reconnecting', 'connected'],
  'take-back': ['connecting', 'reconnecting', 'connected'],
}

/**
 * What an operator was granted comes true: who is to rest goes and stays away, who is to connect makes a new connection. One that is shown as
 * connecting makes it already: WhatsApp may have let it in a moment before, and it is told when it is stored.
 */
export function trueAnswers(
  { commands, refusals, connections, connected, leases }: History,
  limits: Limits,
): Finding[] {
  const seen = bySession(connections)
  const told = bySession(connected)
  const changed = bySession(leases)
  const refused = refusals.map(({ session, name, at, why }) => ({ invariant, session, at, what: `${name}: ${why}` }))
  const untrue = commands.flatMap(command => {
    const { session, name, state, answeredAt: at } = command
    const found = (what: string): Finding[] => [{ invariant, session, at, what: `${name} ${what}` }]
    if (!(answers[name] ?? []).includes(state)) return found(`was answered with ${state}`)
    const ours = (seen.get(session) ?? []).filter(({ node }) => node !== null)
    return command.wish === 'rests'
      ? restless(command, ours, limits).flatMap(found)
      : wasConnecting(command, told.get(session) ?? [], changed.get(session) ?? [])
        ? []
        : idle(command, ours, limits).flatMap(found)
  })
  return [...refused, ...untrue]
}

function restless({ answeredAt, until }: Command, ours: readonly Connection[], { obeyedWithinMs }: Limits): string[] {
  const from = answeredAt + obeyedWithinMs
  const still = ours.find(
    ({ loggedInAt, closedAt }) => loggedInAt < until && (closedAt ?? Infinity) > from && from < until,
  )
  if (still === undefined) return []
  const howLong = Math.round((Math.min(still.closedAt ?? Infinity, until) - answeredAt) / 1_000)
  return [`was granted, and it was online ${howLong} s later`]
}

function idle({ askedAt, until }: Command, ours: readonly Connection[], { connectedWithinMs }: Limits): string[] {
  if (
    until - askedAt < connectedWithinMs ||
    ours.some(({ loggedInAt }) => loggedInAt >= askedAt && loggedInAt <= until)
  )
    return []
  return ['was granted, and it made no new connection']
}

/** Whether it was left to the connection under way: its lease is as it was, and after the question it was stored that it is connected. */
function wasConnecting(
  { askedAt, answeredAt, until }: Command,
  told: readonly Connected[],
  changed: readonly LeaseChange[],
): boolean {
  return (
    !changed.some(({ at }) => at >= askedAt && at <= answeredAt) && told.some(({ at }) => at >= askedAt && at <= until)
  )
}
