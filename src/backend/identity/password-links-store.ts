import { sql } from 'kysely'
import { UserId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import { linkHash } from './link-tokens.js'
import type { OwnRows } from './logins-store.js'

/** A link for a new password that is good now. */
export type OpenPasswordLink = { email: string; dropsSecondFactor: boolean; hadSecondFactor: boolean; expiresAt: Date }

/** It is handed over by whoever runs the gateway and used at once, or made again. */
const minutesGood = 60

const isOpen = sql<boolean>`password_link_until > clock_timestamp()`

export async function loginByPasswordLink(database: Pick<Database, 'system'>, token: string): Promise<UserId | null> {
  const { rows } = await database.system(({ db }) =>
    sql<{ id: string | null }>`select login_by_password_link(${linkHash(token)}) as id`.execute(db),
  )
  const id = rows[0]?.id ?? null
  return id === null ? null : UserId.parse(id)
}

/** In place of the one before. @returns until when it is good; null: there is no such login */
export async function storePasswordLink(
  { db }: OwnRows,
  { userId, token, dropsSecondFactor }: { userId: UserId; token: string; dropsSecondFactor: boolean },
): Promise<Date | null> {
  const row = await db
    .updateTable('logins')
    .set({
      password_link_hash: linkHash(token),
      password_link_until: sql<Date>`clock_timestamp() + make_interval(mins => ${minutesGood})`,
      password_link_drops_factor: dropsSecondFactor,
    })
    .where('id', '=', userId)
    .returning('password_link_until')
    .executeTakeFirst()
  return row?.password_link_until ?? null
}

/** @param held until the transaction ends nobody else uses it, or changes the login */
export async function openPasswordLink(
  { db }: OwnRows,
  { userId, token }: { userId: UserId; token: string },
  held?: 'held',
): Promise<OpenPasswordLink | null> {
  const row = await db
    .selectFrom('logins')
    .select(['email', 'password_link_drops_factor as drops', 'password_link_until as until', 'totp_confirmed_at'])
    .where('id', '=', userId)
    .where('password_link_hash', '=', linkHash(token))
    .where(isOpen)
    .$if(held === 'held', query => query.forUpdate())
    .executeTakeFirst()
  if (row === undefined || row.until === null) return null
  return {
    email: row.email,
    dropsSecondFactor: row.drops,
    hadSecondFactor: row.totp_confirmed_at !== null,
    expiresAt: row.until,
  }
}

/** Puts the new password in the link's place, and ends every access token. */
export async function usePasswordLink(
  { db }: OwnRows,
  { userId, passwordHash, dropsSecondFactor }: { userId: UserId; passwordHash: string; dropsSecondFactor: boolean },
): Promise<void> {
  await db
    .updateTable('logins')
    .set({
      ...noPasswordLink,
      password_hash: passwordHash,
      password_changed_at: sql<Date>`clock_timestamp()`,
      version: sql<number>`version + 1`,
      ...(dropsSecondFactor && noSecondFactor),
    })
    .where('id', '=', userId)
    .execute()
}

export const noPasswordLink = { password_link_hash: null, password_link_until: null, password_link_drops_factor: false }

export const noSecondFactor = {
  totp_secret: null,
  totp_confirmed_at: null,
  totp_step: null,
  recovery_hashes: [] as Buffer[],
}
