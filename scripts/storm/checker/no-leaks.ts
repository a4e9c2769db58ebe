import type { Finding, History } from './history.js'
import type { Limits } from './limits.js'

const invariant = 'I-18 resources'

/** Once it is quiet again a node has one socket for each session it owns, and what else it holds is what it held at first. */
export function noLeaks({ resources }: History, { handles: spare }: Limits): Finding[] {
  return resources
    .filter(({ mark }) => mark === 'end')
    .flatMap(({ node, at, sockets, owned, handles }) => {
      const findings: Finding[] = []
      const found = (what: string) => void findings.push({ invariant, session: null, at, what: `${node}: ${what}` })
      if (sockets !== owned) found(`${sockets} sockets for ${owned} sessions`)
      if (handles === null) {
        found('could not be read')
        return findings
      }
      // processes are alike: one that was started later is measured by those that were there at first
      const first = resources.filter(({ mark }) => mark === 'baseline')
      const own = first.filter(each => each.node === node)
      const before = Math.max(...(own.length > 0 ? own : first).map(each => each.handles ?? 0))
      if (first.length > 0 && handles > before + spare)
        found(`${handles} handles besides its sockets, ${before} at first`)
      return findings
    })
}
