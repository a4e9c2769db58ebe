import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { Member } from '../http/actor.js'
import { unauthenticated } from '../http/refusals.js'
import { findLogin, type Login } from './logins-store.js'

/** Somebody who asks with an access token: who they are, where, and by which sign-in. */
export type Person = {
  userId: UserId
  workspaceId: WorkspaceId
  familyId: string
  loginVersion: number
  address: string
}

/** @throws GatewayError `unauthenticated` for a key or a service: these have no sign-in */
export function personOf({ kind, userId, workspaceId, familyId, loginVersion, address }: Member): Person {
  if (kind !== 'user' || familyId === undefined || loginVersion === undefined) throw unauthenticated()
  return { userId, workspaceId, familyId, loginVersion, address }
}

/** @throws GatewayError `unauthenticated` when the login is gone */
export async function ownLogin(tenants: Pick<Tenants, 'asLogin'>, { userId }: Person): Promise<Login> {
  const login = await tenants.asLogin(userId, tx => findLogin(tx, userId))
  if (login === null) throw unauthenticated()
  return login
}

/** The scope of what a person does to their own login. */
export const ownScope = ({ userId, workspaceId, address }: Person) =>
  ({ workspaceId, userId, by: { kind: 'user', address } }) as const
