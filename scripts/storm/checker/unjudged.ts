import { evictions } from './evictions.js'
import { bySession, type Finding, type History } from './history.js'
import { thrownOut } from './no-fights.js'

export const nothingToJudge = (invariant: string, part?: string): Finding => ({
  invariant,
  session: null,
  at: 0,
  what: part === undefined ? 'nothing to judge' : `nothing to judge: no ${part}`,
})

/** What a check said nothing of because it got nothing to look at: that is not the same as being right. */
export function unjudged(history: History): Finding[] {
  const { messages, connections, writes, keys, credentials, leases, connects, tries, shown, resources, commands } =
    history
  const told = resources.filter(each => each.told !== null)
  const inputs: Record<string, Record<string, readonly unknown[]>> = {
    'I-3 messages': { messages },
    'I-7 one owner': { connections, writes, leases, 'session thrown out by another node': evictions(history) },
    'I-8 ratchets': {
      'message keys': keys.filter(({ kind }) => kind === 'message key'),
      'pre-keys': keys.filter(({ kind }) => kind === 'pre-key'),
    },
    'I-9 credentials': {
      'changes of credentials': credentials.filter(({ version, contents }) => (version ?? 0) > 1 && contents !== null),
    },
    'I-14 connects': { connects, tries },
    'I-14 no fights': { 'logins elsewhere': [...bySession(connections).values()].flatMap(thrownOut) },
    'I-16 shown state': { 'states shown': shown },
    commands: {
      'commands to rest': commands.filter(({ wish }) => wish === 'rests'),
      'commands to connect': commands.filter(({ wish }) => wish === 'connects'),
    },
    'I-18 resources': {
      'figures from the beginning': told.filter(({ mark }) => mark === 'baseline'),
      'figures from the end': told.filter(({ mark }) => mark === 'end'),
    },
  }
  return Object.entries(inputs).flatMap(([invariant, parts]) =>
    Object.entries(parts).flatMap(([part, items]) => (items.length > 0 ? [] : [nothingToJudge(invariant, part)])),
  )
}
