import { z } from 'zod'
import { KeyScope, Role } from './access.js'

/** What is written down of who did what. A word is never reused for another meaning. */
export const AuditAction = z.enum([
  'session.link',
  'session.connect',
  'session.disconnect',
  'session.reconnect',
  'session.logout',
  'session.hand_off',
  'session.take_back',
  'session.import',
  'session.change',
  'session.rename',
  'session.share',
  'session.delete',
  'session.owner_changed',
  'auth.sign_in',
  'auth.sign_in_failed',
  'auth.sign_out',
  'auth.sign_out_everywhere',
  'auth.refresh_reused',
  'auth.password_changed',
  'auth.password_link',
  'auth.password_reset',
  'auth.email_changed',
  'auth.switched',
  'auth.totp_enabled',
  'auth.totp_removed',
  'auth.owner_link_made',
  'auth.owner_claimed',
  'key.created',
  'key.rotated',
  'key.revoked',
  'member.joined',
  'member.renamed',
  'member.role_changed',
  'member.suspended',
  'member.resumed',
  'member.removed',
  'invitation.created',
  'invitation.revoked',
  'invitation.accepted',
  'workspace.created',
  'workspace.renamed',
  'workspace.erased',
  'privacy.exported',
  'privacy.erase_asked',
  'privacy.erased',
  'rotation.started',
  'rotation.finished',
])
export type AuditAction = z.infer<typeof AuditAction>

const word = z.string().regex(/^[a-z0-9_]{1,60}$/)

/** All that an entry may tell beyond ids: words from short lists, counts and ids. Nothing that people have written fits in. */
export const AuditDetail = z.strictObject({
  role: Role.optional(),
  previousRole: Role.optional(),
  visibility: z.enum(['private', 'workspace']).optional(),
  scopes: z.array(KeyScope).optional(),
  method: z.enum(['qr', 'code']).optional(),
  mode: z.enum(['handed_off', 'managed']).optional(),
  deliver: z.boolean().optional(),
  /** A stable code, of an error for instance. */
  code: word.optional(),
  count: z.number().int().min(0).optional(),
  sessionId: z.uuid().optional(),
  userId: z.uuid().optional(),
  keyId: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,40}$/)
    .optional(),
  jobId: z.uuid().optional(),
})
export type AuditDetail = z.infer<typeof AuditDetail>

/** `system`: the gateway itself, or somebody whom no request tells of. */
export const AuditKind = z.enum(['user', 'key', 'service', 'operator', 'visitor', 'system'])

/** One entry, as it is stored. */
export const AuditContent = z.strictObject({
  action: AuditAction,
  result: z.enum(['done', 'refused']),
  by: AuditKind,
  userId: z.uuid().optional(),
  keyId: AuditDetail.shape.keyId,
  /** Network address. */
  address: z.string().max(64).optional(),
  /** Id of what it was done to. */
  target: z.uuid().optional(),
  detail: AuditDetail.optional(),
})
export type AuditContent = z.infer<typeof AuditContent>

export const AuditEntry = z.strictObject({
  /** Place in the workspace's chain, from 1 without gaps. */
  seq: z.string(),
  at: z.iso.datetime(),
  ...AuditContent.shape,
  /** SHA-256 in hex, over this entry and the hash of the one before. */
  hash: z.string(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

/** The newest entry of a chain: kept elsewhere, it proves later that nothing up to it was taken away. */
export const AuditHead = z.strictObject({ seq: z.string(), hash: z.string() })
export type AuditHead = z.infer<typeof AuditHead>

/** Newest first. `next` is the `before` of the following page; null: there is none. */
export const AuditPage = z.strictObject({
  entries: z.array(AuditEntry),
  next: z.string().nullable(),
  head: AuditHead.nullable(),
})
export type AuditPage = z.infer<typeof AuditPage>

export const AuditQuery = z.strictObject({
  /** 50 without it. */
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, 'must be a number from 1 to 200')
    .transform(Number)
    .optional(),
  /** `next` of the page before. */
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'must be what the page before calls next')
    .optional(),
  action: AuditAction.optional(),
  userId: z.uuid().optional(),
  target: z.uuid().optional(),
  /** From then on. */
  since: z.iso.datetime().optional(),
  /** Before then. */
  until: z.iso.datetime().optional(),
})
export type AuditQuery = z.infer<typeof AuditQuery>
