import { evictions } from './evictions.js'
import { bySession, type History } from './history.js'
import { thrownOut } from './no-fights.js'

/** A check that had too little to look at. `why`: what it missed, as in `no messages`. */
export type Unjudged = { invariant: string; why: string }

/** What a check said nothing of because it got nothing to look at: that is not the same as being right. */
export function unjudged(history: History): Unjudged[] {
  const { messages, connections, writes, keys, credentials, leases, connects, tries, shown, resources, commands } =
    history
  const told = resources.filter(each => each.told !== null)
  const inputs: Record<string, Record<string, readonly unknown[]>> = {
    'I-3 messages': { 'no messages': messages },
    'I-7 one owner': {
      'no connections': connections,
      'no writes': writes,
      'no leases': leases,
      'nobody was thrown out by another node': evictions(history),
    },
    'I-8 ratchets': {
      'no message keys': keys.filter(({ kind }) => kind === 'message key'),
      'no pre-keys': keys.filter(({ kind }) => kind === 'pre-key'),
    },
    'I-9 credentials': {
      'no changes of credentials': credentials.filter(
        ({ version, contents }) => (version ?? 0) > 1 && contents !== null,
      ),
    },
    'I-14 connects': { 'no connects': connects, 'no tries': tries },
    'I-14 no fights': { 'nobody logged in elsewhere': [...bySession(connections).values()].flatMap(thrownOut) },
    'I-16 shown state': { 'no states shown': shown },
    commands: {
      'no commands to rest': commands.filter(({ wish }) => wish === 'rests'),
      'no commands to connect': commands.filter(({ wish }) => wish === 'connects'),
    },
    'I-18 resources': {
      'no figures from the beginning': told.filter(({ mark }) => mark === 'baseline'),
      'no figures from the end': told.filter(({ mark }) => mark === 'end'),
    },
  }
  return Object.entries(inputs).flatMap(([invariant, parts]) =>
    Object.entries(parts).flatMap(([why, items]) => (items.length > 0 ? [] : [{ invariant, why }])),
  )
}
