import { sql } from 'kysely'
import type { Role } from '../../contract/access.js'
import type { Database } from '../database/database.js'

/** A login with its places, as the operator sees it. */
export type LoginOverview = {
  userId: string
  email: string
  secondFactor: boolean
  places: { workspaceId: string; workspace: string; name: string; role: Role; suspended: boolean }[]
}

/**
 * All logins, by e-mail, each with its places from the oldest on.
 * @param database opened as the owner of the tables, who alone sees all of them
 */
export async function allLogins(database: Pick<Database, 'system'>): Promise<LoginOverview[]> {
  const { rows } = await database.system(({ db }) =>
    sql<LoginOverview>`
      select l.id as "userId", l.email, l.totp_confirmed_at is not null as "secondFactor", coalesce(
        json_agg(json_build_object(
          'workspaceId', w.id, 'workspace', w.name, 'name', u.name, 'role', u.role, 'suspended', u.suspended_at is not null
        ) order by u.created_at) filter (where w.id is not null), '[]'
      ) as places
      from logins l left join app_users u on u.id = l.id left join workspaces w on w.id = u.workspace_id
      group by l.id order by l.email`.execute(db),
  )
  return rows
}
