import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { UserId, WorkspaceId } from '../../contract/ids.js'
import { scopesOf, type Actor, type Member, type Role } from './actor.js'
import { readVisitorToken, type CookieSettings } from './attempt-cookie.js'
import { unauthenticated, userUnknown } from './refusals.js'
import { requestIdOf } from './request-id.js'
import type { RequestLimit } from './request-limit.js'
import { tooManyAttempts } from './too-many-attempts.js'

/**
 * Who is asking. Of one request it is found out once.
 * @throws GatewayError 401 `unauthenticated` for whoever claims to be known and is not: nobody becomes a visitor that way;
 * 429 `too_many_attempts` for an address that has been wrong too often; 400 `user_unknown` for a service that asks for nobody
 */
export type Identify = (request: IncomingMessage) => Promise<Actor>

/** Whom an access token stands for, as long as it does. */
export type TokenHolder = Pick<Member, 'workspaceId' | 'userId' | 'role' | 'loginVersion' | 'familyId'>

export type IdentifyDeps = {
  /** `null`: there are no services, and every such claim is wrong. */
  serviceToken: string | null
  cookies: CookieSettings
  addressOf: (request: IncomingMessage) => string
  /** For whom services ask when they name nobody. */
  operator: () => { workspaceId: WorkspaceId; userId: UserId }
  /** A member who is not suspended. */
  findMember: (workspaceId: WorkspaceId, userId: UserId) => Promise<{ role: Role } | null>
  verifyAccessToken: (token: string) => Promise<TokenHolder | null>
  verifyApiKey: (key: string, address: string) => Promise<Member | null>
  /** Of wrong proofs: whoever guesses is refused before the database is asked. */
  guesses: RequestLimit
}

export const apiKeyPrefix = 'whiz_live_'

/** A proxy that asks visitors for a password of its own may hand on what they answered: that is not meant for us. */
const proxyPassword = /^(basic|digest) /i

/** Longer than any proof of ours. */
const longestProof = 4_096

/**
 * An `Authorization` header is a claim to be known, a cookie never is. Three proofs, told apart by their form: an access token has three
 * dotted parts, an API key its prefix, anything else is taken for the service token. Form of the header: RFC 6750, 2.1.
 */
export function createIdentify(deps: IdentifyDeps): Identify {
  const { serviceToken, cookies, addressOf, operator, findMember, verifyAccessToken, verifyApiKey, guesses } = deps
  const nothing = hashOf('')
  const expected = serviceToken === null ? null : hashOf(serviceToken)
  const known = new WeakMap<IncomingMessage, Promise<Actor>>()

  const ofAccessToken = async (token: string, address: string): Promise<Member | null> => {
    const holder = await verifyAccessToken(token)
    return holder && { kind: 'user', ...holder, scopes: scopesOf(holder.role), sessionIds: null, address }
  }

  const ofService = async ({ headers }: IncomingMessage, address: string): Promise<Member> => {
    const { 'x-user-id': user, 'x-workspace-id': workspace } = headers
    const service = { kind: 'service', scopes: scopesOf('owner'), sessionIds: null, address } as const
    if (user === undefined && workspace === undefined) return { ...service, ...operator(), role: 'owner' }
    const userId = UserId.safeParse(user)
    const workspaceId = WorkspaceId.safeParse(workspace ?? operator().workspaceId)
    if (!userId.success || !workspaceId.success) throw userUnknown()
    const found = await findMember(workspaceId.data, userId.data)
    if (found === null) throw userUnknown()
    return { ...service, workspaceId: workspaceId.data, userId: userId.data, role: found.role }
  }

  const wrong = (address: string): Error => {
    guesses.take(address)
    return unauthenticated()
  }

  const identify = async (request: IncomingMessage): Promise<Actor> => {
    const address = addressOf(request)
    const { authorization, cookie } = request.headers
    if (authorization === undefined || proxyPassword.test(authorization)) {
      return { kind: 'visitor', token: readVisitorToken(cookie, cookies), address }
    }
    const given = /^bearer +(\S+)$/i.exec(authorization)?.[1]
    const isService = timingSafeEqual(hashOf(given ?? ''), expected ?? nothing) && given !== undefined
    if (isService && expected !== null) return ofService(request, address)
    const wait = guesses.peek(address)
    if (wait !== null) throw tooManyAttempts(wait)
    if (given === undefined || given.length > longestProof) throw wrong(address)
    const found = given.startsWith(apiKeyPrefix)
      ? await verifyApiKey(given, address)
      : isAccessToken(given) && (await ofAccessToken(given, address))
    if (!found) throw wrong(address)
    return found
  }

  const withRequestId = async (request: IncomingMessage): Promise<Actor> => {
    const actor = await identify(request)
    return actor.kind === 'visitor' ? actor : { ...actor, requestId: requestIdOf(request) }
  }

  return request => {
    const actor = known.get(request) ?? withRequestId(request)
    known.set(request, actor)
    return actor
  }
}

/** The compact form of a signed token: RFC 7515, 7.1. */
const isAccessToken = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

/** Hashes are of one length, which a comparison in constant time needs. */
const hashOf = (token: string): Buffer => hash('sha256', token, 'buffer')
