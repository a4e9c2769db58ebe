import { openDatabase, type Database } from '../../backend/database/database.js'
import { createTenants, type Tenants } from '../../backend/database/tenant-transaction.js'
import type { Secrets } from '../../backend/vault/secrets.js'
import type { CliContext } from '../command.js'
import { onLocalGateway } from './local-gateway.js'

export type LocalTenants = {
  database: Database
  tenants: Tenants
  secrets: Secrets
  /** PUBLIC_URL. */
  publicUrl: string | null
}

/**
 * Work on the rows of all workspaces, as the owner of the tables: where that role is a superuser row level security does not hold it, so every
 * statement names its workspace.
 * @throws CliError in the words in which a start would be refused
 */
export function onLocalTenants<T>(
  context: Pick<CliContext, 'env'>,
  work: (local: LocalTenants) => Promise<T>,
): Promise<T> {
  return onLocalGateway(context, async ({ sessionSecret, previousSecret, publicUrl }, ownerUrl) => {
    await using database = openDatabase({ url: ownerUrl, max: 2 })
    return await work({
      database,
      tenants: createTenants(database),
      secrets: { secret: sessionSecret, previous: previousSecret },
      publicUrl,
    })
  })
}
