import type { Finding, History, Resources } from './history.js'
import type { Limits } from './limits.js'

const invariant = 'I-18 resources'

/**
 * Once it is quiet again a node has one socket for each session it owns, and what else it holds is what it held at first, or a little more. A
 * process that was started later is measured by those that were there at first: they are alike.
 */
export function noLeaks({ resources }: History, limits: Limits): Finding[] {
  const first = resources.filter(({ mark }) => mark === 'baseline')
  return resources
    .filter(({ mark }) => mark === 'end')
    .flatMap(last => {
      const { node, at, sockets, owned, handles, listenerWarnings } = last
      const own = first.filter(each => each.node === node)
      const excesses = excess(last, own.length > 0 ? own : first, limits)
      return [
        ...(sockets === owned ? [] : [`${sockets} sockets for ${owned} sessions`]),
        ...(handles === null ? ['could not be read'] : []),
        ...(listenerWarnings === 0 ? [] : [`${listenerWarnings} warnings of listeners that pile up`]),
        ...(first.length > 0 ? excesses : []),
      ].map(what => ({ invariant, session: null, at, what: `${node}: ${what}` }))
    })
}

function excess(last: Resources, before: readonly Resources[], limits: Limits): string[] {
  const most = (figure: (of: Resources) => number | undefined) => Math.max(0, ...before.map(of => figure(of) ?? 0))
  // both grow with the sessions
  const share = Math.max(1, last.owned / Math.max(1, ...before.map(({ owned }) => owned)))
  const handles = most(of => of.handles ?? 0)
  const found: string[] = []
  if ((last.handles ?? 0) > handles + limits.handles)
    found.push(`${last.handles} handles besides its sockets, ${handles} at first`)
  for (const name of ['heapBytes', 'timers'] as const) {
    const told = last.told?.[name] ?? 0
    const atFirst = most(of => of.told?.[name])
    if (told > 2 * share * atFirst + limits[name])
      found.push(`${name} ${Math.round(told)}, ${Math.round(atFirst)} at first`)
  }
  return found
}
