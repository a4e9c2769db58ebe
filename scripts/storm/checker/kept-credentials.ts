import { bySession, type CredentialChange, type Finding, type History } from './history.js'

const invariant = 'I-9 credentials'

/** A session's credentials only ever get newer, and stay until a terminal code or a command has ended it. */
export function keptCredentials({ credentials, endings }: History): Finding[] {
  const ended = bySession(endings)
  const mayGo = ({ session, at }: CredentialChange) => (ended.get(session) ?? []).some(ending => ending.at <= at)
  return [...bySession(credentials).values()].flatMap(changes => {
    const findings: Finding[] = []
    let newest: number | null = null
    let latest: string | null = null
    const seen = new Set<string>()
    for (const change of changes) {
      const { session, version, digest, at } = change
      if (version === null) {
        if (!mayGo(change)) findings.push({ invariant, session, at, what: 'gone, and nothing had ended the session' })
      } else {
        if (newest !== null && version < newest) {
          findings.push({ invariant, session, at, what: `version ${version} after version ${newest}` })
        }
        newest = Math.max(newest ?? version, version)
        // a version counts writes: what was written tells whether it is an older one
        if (digest !== null && digest !== latest && seen.has(digest)) {
          findings.push({ invariant, session, at, what: `version ${version} is what an older one was` })
        }
        latest = digest
        if (digest !== null) seen.add(digest)
      }
    }
    return findings
  })
}
