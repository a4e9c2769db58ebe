import { sql } from 'kysely'
import { UserId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { LoginTransactor } from '../database/tenant-transaction.js'

/** A login as its own transactions see it. */
export type Login = {
  userId: UserId
  email: string
  passwordHash: string
  /** Of its access tokens. */
  version: number
  /** Sealed. */
  totpSecret: Buffer | null
  totpConfirmed: boolean
  recoveryCodesLeft: number
}

/** Transactions of a login, in a workspace or without one. */
export type OwnRows = Pick<LoginTransactor, 'db'>

/** The only thing that anybody learns of a login before its password. */
export async function loginByEmail(database: Pick<Database, 'system'>, email: string): Promise<UserId | null> {
  const { rows } = await database.system(({ db }) =>
    sql<{ id: string | null }>`select login_by_email(${email}) as id`.execute(db),
  )
  const id = rows[0]?.id ?? null
  return id === null ? null : UserId.parse(id)
}

/**
 * @param held until the transaction ends nobody changes the login
 * @returns null: there is no such login
 */
export async function findLogin({ db }: OwnRows, userId: UserId, held?: 'held'): Promise<Login | null> {
  const row = await db
    .selectFrom('logins')
    .select(['email', 'password_hash', 'version', 'totp_secret', 'totp_confirmed_at'])
    .select(sql<number>`cardinality(recovery_hashes)`.as('codes'))
    .where('id', '=', userId)
    .$if(held === 'held', query => query.forShare())
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    userId,
    email: row.email,
    passwordHash: row.password_hash,
    version: row.version,
    totpSecret: row.totp_secret,
    totpConfirmed: row.totp_confirmed_at !== null,
    recoveryCodesLeft: row.codes,
  }
}

/**
 * Ends all access tokens of the login, together with what else the change sets.
 * @param secretIs the sealed secret that must still stand there
 * @returns the new version; null: it was not as expected any more
 */
export async function raiseVersion(
  { db }: OwnRows,
  login: Pick<Login, 'userId' | 'version'>,
  change: LoginChange = {},
  secretIs?: Buffer,
): Promise<number | null> {
  const row = await db
    .updateTable('logins')
    .set({ ...change, version: login.version + 1 })
    .where('id', '=', login.userId)
    .where('version', '=', login.version)
    .$if(secretIs !== undefined, query => query.where('totp_secret', '=', secretIs ?? null))
    .returning('version')
    .executeTakeFirst()
  return row?.version ?? null
}

/** Columns of `logins`. */
export type LoginChange = {
  email?: string
  password_hash?: string
  password_changed_at?: Date
  totp_secret?: Buffer | null
  totp_confirmed_at?: Date | null
  totp_step?: number | null
  recovery_hashes?: Buffer[]
  password_link_hash?: Buffer | null
  password_link_until?: Date | null
  password_link_drops_factor?: boolean
}

/** A time step's code is taken once, also when two requests show it at the same moment. */
export async function takeTotpStep({ db }: OwnRows, userId: UserId, step: number): Promise<boolean> {
  const row = await db
    .updateTable('logins')
    .set({ totp_step: step })
    .where('id', '=', userId)
    .where(eb => eb.or([eb('totp_step', 'is', null), eb('totp_step', '<', String(step))]))
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function takeRecoveryCode({ db }: OwnRows, userId: UserId, hash: Buffer): Promise<boolean> {
  const row = await db
    .updateTable('logins')
    .set({ recovery_hashes: sql<Buffer[]>`array_remove(recovery_hashes, ${hash}::bytea)` })
    .where('id', '=', userId)
    .where(sql<boolean>`${hash}::bytea = any(recovery_hashes)`)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}
