import { sql } from 'kysely'
import type { UserId, WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { ownerExists } from './errors.js'
import { linkHash, newLinkToken } from './link-tokens.js'
import { findLogin } from './logins-store.js'

export type OwnerLinkDeps = {
  tenants: Tenants
  /** The operator's workspace, and the place in it that waits for its owner. */
  operator: () => { workspaceId: WorkspaceId; userId: UserId }
}

export type OwnerToken = { token: string; expiresAt: Date }

/** Row of `meta`: hash and end of the one link there is. */
const metaKey = 'owner_link'
const hoursGood = 24

/**
 * The link of this installation's first start: of several first starts at once, one gets it.
 * @returns null on every later start, and once there is an owner
 */
export async function firstOwnerLink({ tenants, operator }: OwnerLinkDeps): Promise<OwnerToken | null> {
  const { workspaceId, userId } = operator()
  const token = newLinkToken('owner')
  return tenants.transact({ workspaceId, userId }, async tx => {
    if ((await findLogin(tx, userId)) !== null) return null
    const { rows } = await sql<{ expires_at: Date }>`
      insert into meta (key, value) values (${metaKey}, ${storedForm(token)})
      on conflict (key) do nothing
      returning (value::jsonb ->> 'expiresAt')::timestamptz as expires_at`.execute(tx.db)
    return rows[0] === undefined ? null : { token, expiresAt: rows[0].expires_at }
  })
}

/** Whether nobody has claimed the operator's place yet. */
export async function ownerIsMissing({ tenants, operator }: OwnerLinkDeps): Promise<boolean> {
  const { userId } = operator()
  return (await tenants.asLogin(userId, tx => findLogin(tx, userId))) === null
}

/**
 * A new link in place of the one before, for an operator who has lost it.
 * @throws GatewayError `owner_exists`
 */
export async function newOwnerLink({ tenants, operator }: OwnerLinkDeps): Promise<OwnerToken> {
  const { workspaceId, userId } = operator()
  const token = newLinkToken('owner')
  return tenants.transact({ workspaceId, userId }, async tx => {
    if ((await findLogin(tx, userId)) !== null) throw ownerExists()
    const { rows } = await sql<{ expires_at: Date }>`
      insert into meta (key, value) values (${metaKey}, ${storedForm(token)})
      on conflict (key) do update set value = excluded.value
      returning (value::jsonb ->> 'expiresAt')::timestamptz as expires_at`.execute(tx.db)
    await audit(
      tx,
      { action: 'auth.owner_link_made', target: userId },
      { workspaceId, userId, by: { kind: 'operator' } },
    )
    return { token, expiresAt: rows[0]?.expires_at ?? new Date(0) }
  })
}

/** Until when a token is good. @param held nobody else may use it before the transaction ends; @returns null: it is not */
export async function ownerLinkEnd(tx: TenantTransactor, token: string, held?: 'held'): Promise<Date | null> {
  const { rows } = await sql<{ expires_at: Date }>`
    select (value::jsonb ->> 'expiresAt')::timestamptz as expires_at from meta
    where key = ${metaKey} and value::jsonb ->> 'hash' = ${linkHash(token).toString('hex')}
      and (value::jsonb ->> 'expiresAt')::timestamptz > clock_timestamp()
    ${held === 'held' ? sql`for update` : sql``}`.execute(tx.db)
  return rows[0]?.expires_at ?? null
}

/** Used up. */
export async function endOwnerLink(tx: TenantTransactor): Promise<void> {
  await sql`delete from meta where key = ${metaKey}`.execute(tx.db)
}

const storedForm = (token: string) => sql`json_build_object(
  'hash', ${linkHash(token).toString('hex')}::text,
  'expiresAt', clock_timestamp() + make_interval(hours => ${hoursGood})
)::text`
