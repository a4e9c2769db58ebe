import { evictions } from './evictions.js'
import type { Finding, History } from './history.js'

export const nothingToJudge = (invariant: string): Finding => ({
  invariant,
  session: null,
  at: 0,
  what: 'nothing to judge',
})

/** What a check said nothing of because it got nothing to look at: that is not the same as being right. */
export function unjudged(history: History): Finding[] {
  const { messages, connections, writes, keys, credentials, leases, connects, tries, shown, resources } = history
  const inputs: Record<string, readonly (readonly unknown[])[]> = {
    'I-3 messages': [messages],
    'I-7 one owner': [connections, writes, leases],
    'I-7 thrown out by another node': [evictions(history)],
    'I-8 message keys': [keys.filter(({ kind }) => kind === 'message key')],
    'I-8 pre-keys': [keys.filter(({ kind }) => kind === 'pre-key')],
    'I-9 credentials': [credentials.filter(({ version, contents }) => (version ?? 0) > 1 && contents !== null)],
    'I-14 connects': [connects, tries],
    'I-16 shown state': [shown],
    'I-18 resources': [
      resources.filter(({ mark, told }) => mark === 'baseline' && told !== null),
      resources.filter(({ mark, told }) => mark === 'end' && told !== null),
    ],
  }
  return Object.entries(inputs).flatMap(([invariant, parts]) =>
    parts.every(part => part.length > 0) ? [] : [nothingToJudge(invariant)],
  )
}
