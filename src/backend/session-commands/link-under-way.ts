import { sql, type AliasedRawBuilder } from 'kysely'
import { SCHEMA } from '../database/schema.js'
import { endedPhases } from '../linking/link-phase.js'

const ended = sql.join(endedPhases.map(phase => sql.lit(phase)))

/** Whether a link of the scope's own is under way under this id, so that there is more to tell than of a session. */
export const hasLinkUnderWay = (sessionId: string): AliasedRawBuilder<boolean, 'linking'> =>
  sql<boolean>`exists (select from ${sql.table(`${SCHEMA}.link_attempts`)} where session_id = ${sessionId} and phase not in (${ended}))`.as(
    'linking',
  )
