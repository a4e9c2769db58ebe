import { randomUUID } from 'node:crypto'
import type { Role } from '../../contract/access.js'
import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { SignedIn } from '../../contract/identity.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { AccessTokens } from './access-tokens.js'
import { openFamily } from './families-store.js'
import type { RefreshToken, RefreshTokens } from './refresh-tokens.js'
import { wakeLogin } from './wake-login.js'

/** What a sign-in, or its refresh, hands out. */
export type Begun = { refreshToken: RefreshToken; answer: Omit<SignedIn, 'refreshToken'> }

export type HandOutDeps = { accessTokens: AccessTokens; refreshTokens: RefreshTokens }

/** A sign-in that the transaction has opened; tokens are made from it once that is committed. */
export type Opened = {
  userId: UserId
  workspaceId: WorkspaceId
  role: Role
  loginVersion: number
  familyId: string
  refreshToken: RefreshToken
}

/** Opens a sign-in in the workspace and for the login whose transaction this is. */
export async function openSignIn(
  { refreshTokens }: Pick<HandOutDeps, 'refreshTokens'>,
  tx: TenantTransactor,
  of: { userId: UserId; role: Role; loginVersion: number },
): Promise<Opened> {
  const { workspaceId } = tx.scope
  const family = { userId: of.userId, familyId: randomUUID() }
  const { familyId } = family
  const refreshToken = refreshTokens.first(family)
  const ended = await openFamily(tx, { ...family, workspaceId, token: refreshToken })
  if (ended > 0) await wakeLogin(tx, of.userId)
  return { ...of, workspaceId, familyId, refreshToken }
}

export async function handOut({ accessTokens }: Pick<HandOutDeps, 'accessTokens'>, opened: Opened): Promise<Begun> {
  const { userId, workspaceId, role, refreshToken } = opened
  const { token, expiresIn } = await accessTokens.issue(opened)
  return {
    refreshToken,
    answer: { accessToken: token, tokenType: 'Bearer', expiresIn, userId, workspaceId, role },
  }
}
