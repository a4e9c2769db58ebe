import { sql } from 'kysely'
import type { Config } from './config/config.js'
import { openDatabase, type Database } from './database/database.js'
import { forgetfulSettings, UnsafeDatabaseError } from './database/durability.js'
import { startLocalPostgres } from './database/local/start-local-postgres.js'
import { migrate } from './database/migrate.js'
import { prepareAppRole } from './database/roles.js'
import { retireAppRoles } from './database/retire-app-roles.js'
import { SCHEMA } from './database/schema.js'
import { asUnusableDatabase } from './database/unusable-database-error.js'
import { keepLocalDatabase } from './keep-local-database.js'
import type { Log } from './log.js'
import { checkCanary } from './vault/canary.js'
import { refuseToDropSecret } from './vault/keys-left.js'
import { knownKeks, type Secrets } from './vault/secrets.js'

export type GatewayDatabase = AsyncDisposable & {
  /** The role the process works as. Holds a password: never log it. */
  appUrl: string
  /** For what somebody waits for: requests, live feeds, links until they are sessions, the node's own health. */
  database: Database
  /** For what sessions do, and whatever looks after them: restores and reconnects may keep all of it busy. */
  sessionsDatabase: Database
}

/**
 * Connections of one process at most, to each of the two. With its lease's, its listener's and the four of its jobs they are 15: as many as the
 * smallest session poolers of managed servers lend.
 */
const mostConnections = { requests: 4, sessions: 5 }

export type GatewayDatabaseInput = Pick<
  Config,
  'dataDir' | 'sessionSecret' | 'previousSecret' | 'database' | 'production'
>

/**
 * A database that is ready to work with: started when none was given, and kept running then; migrated, opened as the app role.
 * A wrong secret, and a server that forgets, are found out before anything is written.
 * @throws VaultError `wrong_key`, SecretStillNeededError
 * @throws UnsafeDatabaseError, LocalPostgresError, UnusableDatabaseError, MigrationError, AppRoleError, DatabaseUnavailableError
 */
export async function openGatewayDatabase(
  { dataDir, sessionSecret, previousSecret, database, production }: GatewayDatabaseInput,
  log: Log,
): Promise<GatewayDatabase> {
  const local = database.url === null ? await startLocalPostgres({ dataDir }) : null
  try {
    if (database.url !== null) await reach('DATABASE_URL', database.url)
    if (database.appUrl !== null) await reach('DATABASE_APP_URL', database.appUrl)
    const ownerUrl = database.url ?? local?.url ?? ''
    const secrets = { secret: sessionSecret, previous: previousSecret }
    const { appUrl, forgetful } = await prepare(ownerUrl, { given: database.appUrl, secrets, production })
    for (const setting of forgetful) log.warn('database_forgets', { setting })
    const forRequests = openDatabase({ url: appUrl, max: mostConnections.requests })
    const forSessions = openDatabase({ url: appUrl, max: mostConnections.sessions })
    const keeper = local === null ? null : keepLocalDatabase({ local, log: log.child('database') })
    keeper?.start()
    return {
      appUrl,
      database: forRequests,
      sessionsDatabase: forSessions,
      async [Symbol.asyncDispose]() {
        // first: a server that is stopped has not died
        await keeper?.[Symbol.asyncDispose]()
        await Promise.all([forRequests.close(), forSessions.close()])
        await local?.stop()
      },
    }
  } catch (error) {
    await local?.stop()
    throw error
  }
}

/** @throws UnusableDatabaseError, which names what to set right */
async function reach(setting: string, url: string): Promise<void> {
  await using database = openDatabase({ url, max: 1 })
  await database
    .system(({ db }) => sql`select 1`.execute(db))
    .catch((error: unknown) => {
      throw asUnusableDatabase(setting, url, error)
    })
}

type Preparation = { given: string | null; secrets: Secrets; production: boolean }

async function prepare(
  ownerUrl: string,
  { given, secrets, production }: Preparation,
): Promise<{ appUrl: string; forgetful: string[] }> {
  const owner = openDatabase({ url: ownerUrl, max: 1 })
  try {
    const before = (await hasCanary(owner)) ? await checkCanary(owner, secrets) : null
    const forgetful = await forgetfulSettings(owner)
    if (production && forgetful.length > 0) throw new UnsafeDatabaseError(forgetful)
    const { newerThanCode } = await migrate({ ownerUrl })
    await refuseToDropSecret(owner, secrets)
    const { own } = knownKeks(secrets)
    // the role of another secret keeps its password: nodes that have that one alone go on meanwhile
    const successor = before !== null && before.firstKekId !== own.id ? own.id : undefined
    const role = { ...(given !== null && { appUrl: given }), ...(successor !== undefined && { successor }) }
    const appUrl = await prepareAppRole({ ownerUrl, secret: secrets.secret, newerThanCode, ...role })
    await checkCanary(owner, secrets)
    const isReplacing = (secrets.previous ?? null) !== null
    if (given === null && successor !== undefined && !isReplacing) await retireAppRoles(ownerUrl, appUrl)
    return { appUrl, forgetful }
  } finally {
    await owner.close()
  }
}

function hasCanary(owner: Database): Promise<boolean> {
  return owner.system(async ({ db }) => {
    const { rows } = await sql<{
      there: boolean
    }>`select to_regclass(${`${SCHEMA}.canary`}) is not null as there`.execute(db)
    return rows[0]?.there === true
  })
}
