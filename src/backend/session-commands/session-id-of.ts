import { z } from 'zod'
import { SessionId } from '../../contract/ids.js'
import { unknownSession } from '../http/refusals.js'

/** An id that is no UUID is answered like any unknown one. */
export const sessionIdParams = z.object({ sessionId: z.string() })

/** @throws GatewayError `session_not_found` */
export function sessionIdOf({ sessionId }: { sessionId: string }): SessionId {
  const parsed = SessionId.safeParse(sessionId.toLowerCase())
  if (!parsed.success) throw unknownSession()
  return parsed.data
}
