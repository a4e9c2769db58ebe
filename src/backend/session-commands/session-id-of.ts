import { z } from 'zod'
import { SessionId } from '../../contract/ids.js'
import type { Once } from '../http/idempotency.js'
import { unknownSession } from '../http/refusals.js'

/** An id that is no UUID is answered like any unknown one. */
export const sessionIdParams = z.object({ sessionId: z.string() })

/** For what a request makes without naming it: another try of the same request joins what the one before began. */
export const newIdOf = (once: Once | null): SessionId | null => once && SessionId.parse(once.id)

/** @throws GatewayError `session_not_found` */
export function sessionIdOf({ sessionId }: { sessionId: string }): SessionId {
  const parsed = SessionId.safeParse(sessionId.toLowerCase())
  if (!parsed.success) throw unknownSession()
  return parsed.data
}
