import type { Finding, History, KeyUse } from './history.js'

/** No message key ever encrypts two messages, and no pre-key id ever names two keys: either tells of a ratchet that went back. */
export function oneValuePerKey({ keys }: History): Finding[] {
  const known = new Map<string, KeyUse>()
  return keys.flatMap(use => {
    const { session, kind, key, hash, at } = use
    const name = `${session} ${kind} ${key}`
    const before = known.get(name)
    if (before === undefined) known.set(name, use)
    if (before === undefined || before.hash === hash) return []
    return [{ invariant: 'I-8 ratchets', session, at, what: `${kind} ${key} has two values` }]
  })
}
