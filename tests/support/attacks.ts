import type { Route } from '../../src/backend/http/route.js'
import type { AttackScene, Party } from './attack-scene.js'
import type { Asking, Said } from './attacker.js'
import { addressOf, nameOf, namedBy, nothing, password, sampleOf, type Named } from './route-samples.js'

/** What whoever is nobody may ask. Whatever else has no `access` was forgotten. */
const forAnyone = new Set([
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /openapi.json',
  'GET /api/page-settings',
  'POST /api/sessions/start',
  'GET /api/sessions/current',
  'GET /api/sessions/:sessionId',
  'DELETE /api/sessions/:sessionId',
  'POST /api/sessions/:sessionId/resend',
  'POST /api/sessions/:sessionId/revoke',
  'POST /api/v1/auth/sign-in',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/auth/sign-out',
  'POST /api/v1/auth/delete-login',
  'POST /api/v1/auth/claim-info',
  'POST /api/v1/auth/first-owner',
  'POST /api/v1/auth/accept-invitation',
  'POST /api/v1/auth/new-password',
])

/** What managers of a workspace may do to what others of it have. */
const forManagers = new Set<keyof Named>(['keyId', 'userId', 'workspaceId', 'invitationId', 'erasureId'])

/** Refused by what is asked, beyond what `access` says. */
const refusedBeyond: Readonly<Record<string, (party: Party) => boolean>> = {
  'DELETE /api/v1/members/:userId': ({ role, scopes }) => role === 'member' || !scopes.includes('admin'),
  'POST /api/v1/workspaces': ({ near }) => !near,
}

export type Cell = 'open' | 'allowed' | 401 | 403 | 404

/** What `Route.access` promises to somebody; 404: they may ask, but the session that is named is none of their key's. */
export function cellOf(
  { access, ...route }: Pick<Route, 'access' | 'method' | 'path'>,
  party: Party,
  names: readonly string[],
): Cell {
  if (access === undefined) return 'open'
  if (party.kind === 'visitor') return 401
  const { scope, role, kinds, manySessions } = access
  const ranks = ['member', 'admin', 'owner']
  if (kinds !== undefined && !kinds.includes(party.kind)) return 403
  if (!party.scopes.includes(scope)) return 403
  if (role !== undefined && ranks.indexOf(party.role) < ranks.indexOf(role)) return 403
  if (party.restricted && names.includes('sessionId')) return 404
  if (party.restricted && manySessions !== true) return 403
  return refusedBeyond[nameOf(route)]?.(party) ? 403 : 'allowed'
}

/** Every route that has no `access`, though nobody has said that it is for anyone. */
export const unguarded = (routes: readonly Route[]): string[] =>
  routes.filter(route => route.access === undefined && !forAnyone.has(nameOf(route))).map(nameOf)

/** Good for a route, and naming nothing of anybody; null: there is no such. */
export function actingBody(route: Route): Record<string, unknown> | null {
  const { acts, body, reads } = sampleOf(route)
  if (route.method !== 'post' || reads === true) return null
  return acts?.() ?? (namedBy(route).length === 0 ? (body?.(nothing()) ?? null) : null)
}

/**
 * One party at one route: what it may not do, and what it may not hear.
 * @param promised whom the route says to let in
 * @param evenLinks also where that begins a link
 */
export async function attack(
  scene: AttackScene,
  party: Party,
  route: Route,
  { promised = route.access, evenLinks = false }: { promised?: Route['access']; evenLinks?: boolean } = {},
): Promise<string[]> {
  const sample = sampleOf(route)
  const names = namedBy(route)
  const cell = cellOf({ method: route.method, path: route.path, ...(promised && { access: promised }) }, party, names)
  const inside = party.near && party.role !== 'member' && names.some(name => forManagers.has(name))
  const plain = (cell === 'open' || cell === 'allowed') && names.length === 0
  const acts = route.body !== undefined && sample.reads !== true
  const found: string[] = []
  const heard = async (
    named: Named,
    body: object | undefined = sample.body?.(named),
    query = sample.query?.(named),
  ): Promise<Said> => {
    const said = await scene
      .attacker()
      .ask(route.method.toUpperCase(), addressFor(route, named, query), asking(party, named, body))
    const leaked = scene.canariesFor(party).filter(word => JSON.stringify(said).includes(word))
    if (leaked.length > 0) found.push(`tells ${leaked.join(', ')}`)
    if (said.status >= 500) found.push(`answers ${said.status}`)
    return said
  }
  const expects = (said: Said, status: number): void => {
    if (said.status !== status) found.push(`answers ${said.status} instead of ${status}: ${said.body.slice(0, 200)}`)
  }

  if (plain && acts) expects(await heard(scene.theirs, { nothing: 1 }), 400)
  else if (plain) {
    expects(await heard(scene.theirs), 200)
    if (sample.query) expects(await heard(scene.theirs, undefined, {}), 200)
  } else if (inside) {
    const said = await heard(nothing())
    if (typeof cell === 'number' || route.path.includes(':')) expects(said, typeof cell === 'number' ? cell : 404)
    else if (said.status < 400) found.push(`answers ${said.status}`)
  } else {
    const said = await heard(scene.theirs)
    const makes = sample.makes === true && typeof cell !== 'number'
    if (typeof cell === 'number') expects(said, cell)
    else if (makes && !said.body.includes('"session_id_taken"')) found.push(`answers ${said.body.slice(0, 200)}`)
    else if (route.path.includes(':')) expects(said, 404)
    else if (said.status < 400) found.push(`answers ${said.status}: ${said.body.slice(0, 200)}`)
    const other = makes ? said : await heard(nothing())
    // who is in a workspace is no secret there
    const isKnown = party.near && names.includes('userId')
    const [one, two] = [comparable(said), comparable(other)]
    const differs = one.findIndex((part, at) => part !== two[at])
    if (!isKnown && differs >= 0) found.push(`knows: ${one[differs] ?? ''} but ${two[differs] ?? ''}`)
  }
  const acting = cell === 'open' || cell === 'allowed' ? actingBody(route) : null
  if (acting !== null && (evenLinks || sample.makes !== true)) {
    // as if they had watched Vic type it: what it opens is Vic's, and none of theirs
    const text = JSON.stringify(acting).replaceAll(password, scene.vic.password)
    const said = await heard(scene.theirs, JSON.parse(text) as object)
    if (said.status === 204 && route.path.includes('/sign-out')) await party.renew?.()
  }
  return found.map(what => `${party.name} at ${nameOf(route)}: ${what}`)
}

/** Ids also where nobody asks for them. */
function addressFor(route: Route, named: Named, query: Record<string, string> | undefined): string {
  const address = addressOf(route, named, query)
  const { sessionId, workspaceId, userId } = named
  return route.query === undefined
    ? `${address}?${new URLSearchParams({ sessionId, workspaceId, userId }).toString()}`
    : address
}

/** Only of services do headers say for whom they ask. */
function asking({ kind, headers }: Party, { userId, workspaceId }: Named, body: object | undefined): Asking {
  const claimed = kind === 'service' ? {} : { 'x-user-id': userId, 'x-workspace-id': workspaceId }
  const type = body && { 'content-type': 'application/json' }
  return { headers: { ...claimed, ...headers, ...type }, ...(body && { body: JSON.stringify(body) }) }
}

/** Without what counts requests; and whether a body had come when it was refused moves a header about. */
function comparable({ status, headers, body }: Said): string[] {
  const told = Object.entries(headers).filter(([name]) => !name.startsWith('ratelimit-'))
  return [String(status), body, ...told.map(header => header.join(': ')).toSorted()]
}
