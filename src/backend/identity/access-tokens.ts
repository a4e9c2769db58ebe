import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { UserId, WorkspaceId } from '../../contract/ids.js'
import { purposeKey } from '../vault/purpose-key.js'

/** What an access token says. Whether it still holds is the standing's to know. */
export type AccessClaims = {
  userId: UserId
  workspaceId: WorkspaceId
  /** Of the login, when the token was made. */
  loginVersion: number
  /** The sign-in it comes from. */
  familyId: string
}

export type AccessTokens = {
  issue(claims: AccessClaims): Promise<{ token: string; expiresIn: number }>
  /** @returns null for whatever is not a token of ours that holds now; why is nobody's business */
  read(token: string): Promise<AccessClaims | null>
}

export type AccessTokensDeps = {
  secret: Uint8Array
  /** PUBLIC_URL; null: this installation has no name. */
  publicUrl: string | null
  /** Milliseconds since 1970. */
  now?: () => number
}

export const accessTokenSeconds = 15 * 60

/** Between the clocks of nodes. */
const skewSeconds = 60

const algorithm = 'HS256'
const audience = 'whizlite-api'
/** RFC 9068, 2.1. */
const type = 'at+jwt'

/** A token is a few hundred characters; longer ones are not looked at. */
const longest = 2_000

const Payload = z.strictObject({
  iss: z.string(),
  aud: z.literal(audience),
  sub: UserId,
  ws: WorkspaceId,
  ver: z.number().int().positive(),
  sid: z.uuid(),
  iat: z.number().int(),
  nbf: z.number().int(),
  exp: z.number().int(),
})

/** JSON web tokens of one fixed form (RFC 8725, 3.1: the algorithm is never the token's to choose). */
export function createAccessTokens({ secret, publicUrl, now = Date.now }: AccessTokensDeps): AccessTokens {
  const key = purposeKey(secret, 'identity/access-token/1')
  const issuer = publicUrl ?? 'whizlite'
  return {
    async issue({ userId, workspaceId, loginVersion, familyId }) {
      const at = Math.floor(now() / 1000)
      const token = await new SignJWT({ ws: workspaceId, ver: loginVersion, sid: familyId })
        .setProtectedHeader({ alg: algorithm, typ: type })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(at)
        .setNotBefore(at)
        .setExpirationTime(at + accessTokenSeconds)
        .sign(key)
      return { token, expiresIn: accessTokenSeconds }
    },
    async read(token) {
      if (token.length > longest) return null
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          issuer,
          audience,
          typ: type,
          clockTolerance: skewSeconds,
          maxTokenAge: accessTokenSeconds,
          currentDate: new Date(now()),
          requiredClaims: ['exp', 'nbf', 'iat', 'sub'],
        })
        const { sub, ws, ver, sid } = Payload.parse(payload)
        return { userId: sub, workspaceId: ws, loginVersion: ver, familyId: sid }
      } catch {
        return null
      }
    },
  }
}
