import { z } from 'zod'

/** Codes a client may switch on. Stable: a code is never reused for another meaning. */
export const ErrorCode = z.enum([
  'bad_request',
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
  'not_found',
  'method_not_allowed',
  'foreign_origin',
  'attempt_not_found',
  'attempt_running',
  'too_many_attempts',
  'node_full',
  'linking_closed',
  'invalid_service_token',
  /** Nobody, or nobody that this gateway knows, is asking. */
  'unauthenticated',
  /** Known, and not allowed to. */
  'forbidden',
  'session_not_found',
  /** An id chosen by the caller is another's. */
  'session_id_taken',
  /** A member has as many sessions as they may have. */
  'session_limit',
  /** X-User-Id, or X-Workspace-Id, names nobody. */
  'user_unknown',
  /** The session is in a state that does not allow it. */
  'session_state',
  'bot_not_stopped',
  'session_id_unreadable',
  'session_id_foreign',
  'database_unavailable',
  'whatsapp_unreachable',
  'whatsapp_refused',
  'starting',
  'shutting_down',
  /** This process is not sure that it may still act for its sessions. */
  'lease_lost',
  /** Another process has started under this one's name. */
  'node_replaced',
  'internal_error',
])
export type ErrorCode = z.infer<typeof ErrorCode>

/** RFC 9457 problem document. `error` repeats `detail` for clients of the mission routes. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: ErrorCode,
  detail: z.string(),
  error: z.string(),
  /** Why a link could not begin: a code such as views of attempts carry. */
  reason: z.string().optional(),
  /** What to do about it, in one sentence. */
  action: z.string().optional(),
  /** Fields at fault, each with a JSON path such as `phoneNumber` or `items[2].id`. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof Problem>
