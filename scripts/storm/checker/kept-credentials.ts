import { bySession, type CredentialChange, type CredentialContents, type Finding, type History } from './history.js'

const invariant = 'I-9 credentials'

/**
 * A session's credentials only ever get newer, and stay until a terminal code or a command has ended it. A version counts writes, whatever
 * was written: what is inside tells whether it is an older one. (What is taken back by a string may begin with less; in no cluster anything is.)
 */
export function keptCredentials({ credentials, endings }: History): Finding[] {
  const ended = bySession(endings)
  const mayGo = ({ session, at }: CredentialChange) => (ended.get(session) ?? []).some(ending => ending.at <= at)
  return [...bySession(credentials).values()].flatMap(changes => {
    const findings: Finding[] = []
    let newest: number | null = null
    const best: Best = { rising: {}, fixed: {} }
    for (const change of changes) {
      const { session, version, contents, at } = change
      const found = (what: string) => void findings.push({ invariant, session, at, what })
      if (version === null) {
        if (!mayGo(change)) found('gone, and nothing had ended the session')
        continue
      }
      if (newest !== null && version < newest) found(`version ${version} after version ${newest}`)
      newest = Math.max(newest ?? version, version)
      // the key to those of a session that has ended may be gone
      if (contents !== null) regressions(best, contents).forEach(what => found(`version ${version}: ${what}`))
      else if (!ended.has(session)) found(`version ${version} cannot be opened`)
    }
    return findings
  })
}

/** The most and the last that a session's credentials have held so far. */
type Best = { rising: Record<string, number>; fixed: Record<string, string> }

/** What is less than it was, or something else; `best` takes over the rest. */
function regressions(best: Best, { rising, fixed }: CredentialContents): string[] {
  const fallen = Object.entries(rising).flatMap(([name, value]) => {
    const before = best.rising[name] ?? value
    best.rising[name] = Math.max(before, value)
    return value < before ? [`${name} ${value} after ${before}`] : []
  })
  const changed = Object.entries(fixed).flatMap(([name, value]) => {
    const before = best.fixed[name] ?? value
    if (before !== null) best.fixed[name] = before
    return value === before ? [] : [`another ${name}`]
  })
  return [...fallen, ...changed]
}
