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
  /** Of a sign-in: there is no login with this e-mail and this password. */
  'wrong_credentials',
  'second_factor_required',
  'second_factor_wrong',
  /** A second factor is there already, or is not there. */
  'second_factor_state',
  'refresh_refused',
  'weak_password',
  /** A login that may enter no workspace, or not this one. */
  'no_workspace',
  /** The link of an invitation or of the first owner is used up, revoked or too old. */
  'link_over',
  'email_taken',
  'owner_exists',
  'already_member',
  'last_owner',
  /** A member who cannot be suspended or removed. */
  'member_kept',
  'member_not_found',
  'invitation_not_found',
  'workspace_not_found',
  'api_key_not_found',
  /** The API key is not in force any more. */
  'api_key_ended',
  'too_many_api_keys',
  /** More requests than one key, login or address may send. */
  'rate_limited',
  /** Another request came under the same Idempotency-Key. */
  'idempotency_key_reused',
  'idempotency_in_flight',
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
  /** As the header X-Request-Id; the log names the request by it. */
  requestId: z.string().optional(),
})
export type Problem = z.infer<typeof Problem>
