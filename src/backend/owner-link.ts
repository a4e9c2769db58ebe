import { openDatabase } from './database/database.js'
import { createTenants } from './database/tenant-transaction.js'
import { claimLink } from './identity/link-tokens.js'
import { newOwnerLink } from './identity/owner-link.js'
import { findOperator } from './tenancy/operator.js'

/**
 * A new link for the first owner, made on the database itself, whether a gateway runs or not.
 * @param ownerUrl address of the role that owns the tables
 * @param base where people reach the gateway
 * @throws GatewayError `owner_exists`
 */
export async function openOwnerLink({ ownerUrl, base }: { ownerUrl: string; base: string }): Promise<string> {
  await using database = openDatabase({ url: ownerUrl, max: 1 })
  const tenants = createTenants(database)
  const operator = await findOperator(database, tenants)
  const { token } = await newOwnerLink({ tenants, operator: () => operator })
  return claimLink(base, token)
}
