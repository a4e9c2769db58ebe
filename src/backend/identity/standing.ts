import { sql } from 'kysely'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { createShortMemory } from '../short-memory.js'
import type { AccessClaims } from './access-tokens.js'

/** Whether what an access token says still holds: the login has not ended its tokens, the sign-in is not over. */
export type Standing = {
  /** As it was at most five seconds ago, and not before any change that this node has been woken for. */
  holds(claims: AccessClaims): Promise<boolean>
  /** As it is at this moment. */
  holdsNow(claims: AccessClaims): Promise<boolean>
}

export type StandingDeps = {
  tenants: Pick<Tenants, 'asLogin'>
  /** Woken by the id of the login. */
  wakeups: Pick<EventWakeups, 'subscribe'>
}

type Key = { userId: string; familyId: string }

const forMs = 5_000

export function createStanding({ tenants, wakeups }: StandingDeps): Standing {
  const versions = createShortMemory({
    forMs,
    subscribe: (key, changed) => wakeups.subscribe(partsOf(key).userId, changed),
    load: key => versionOf(tenants, partsOf(key)),
  })
  return {
    holds: async claims => (await versions.get(keyOf(claims))) === claims.loginVersion,
    holdsNow: async claims => (await versionOf(tenants, claims)) === claims.loginVersion,
  }
}

const keyOf = ({ userId, familyId }: Key): string => `${userId} ${familyId}`

function partsOf(key: string): Key {
  const [userId = '', familyId = ''] = key.split(' ')
  return { userId, familyId }
}

/** The version of the login; null when the sign-in is over. */
async function versionOf({ asLogin }: Pick<Tenants, 'asLogin'>, { userId, familyId }: Key): Promise<number | null> {
  const row = await asLogin(userId, ({ db }) =>
    db
      .selectFrom('refresh_families as f')
      .innerJoin('logins as l', 'l.id', 'f.login_id')
      .select('l.version')
      .where('f.id', '=', familyId)
      .where('f.revoked_at', 'is', null)
      .where('f.expires_at', '>', sql<Date>`clock_timestamp()`)
      .executeTakeFirst(),
  )
  return row?.version ?? null
}
