import { z } from 'zod'
import { Role } from './access.js'
import { UserId, WorkspaceId } from './ids.js'

/** However its letters are written, one address is one login. */
export const EmailAddress = z
  .string()
  .trim()
  .max(254)
  .transform(text => text.normalize('NFC').toLowerCase())
  .pipe(z.email())

/** What people call somebody, or a workspace. */
export const PlainName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must not hold control characters')

/** Checked for its strength elsewhere; here only for what can be one at all. */
export const Password = z.string().min(1).max(256)

/** A new one must have so many characters at least. */
export const SHORTEST_PASSWORD = 10

export const MemberView = z.strictObject({
  userId: UserId,
  name: z.string(),
  /** Null: nobody has claimed this place yet, or it is for owners and admins to see. */
  email: z.string().nullable(),
  role: Role,
  /** The operator's own place: what visitors link belongs to it. It stays. */
  isDefault: z.boolean(),
  suspended: z.boolean(),
  joinedAt: z.iso.datetime(),
})
export type MemberView = z.infer<typeof MemberView>

export const MemberList = z.strictObject({ members: z.array(MemberView) })
export type MemberList = z.infer<typeof MemberList>

export const ChangeMemberRequest = z
  .strictObject({ role: Role.optional(), suspended: z.boolean().optional() })
  .refine(({ role, suspended }) => role !== undefined || suspended !== undefined, 'must change something')
export type ChangeMemberRequest = z.infer<typeof ChangeMemberRequest>

export const WorkspaceView = z.strictObject({
  workspaceId: WorkspaceId,
  name: z.string(),
  role: Role,
  suspended: z.boolean(),
})
export type WorkspaceView = z.infer<typeof WorkspaceView>

export const WorkspaceList = z.strictObject({ workspaces: z.array(WorkspaceView) })
export type WorkspaceList = z.infer<typeof WorkspaceList>

export const NameWorkspaceRequest = z.strictObject({ name: PlainName })

export const InviteRequest = z.strictObject({
  role: Role,
  /** For this address alone; absent: for whoever has the link. */
  email: EmailAddress.optional(),
})
export type InviteRequest = z.infer<typeof InviteRequest>

export const InvitationView = z.strictObject({
  invitationId: z.uuid(),
  role: Role,
  email: z.string().nullable(),
  state: z.enum(['open', 'accepted', 'revoked', 'expired']),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
export type InvitationView = z.infer<typeof InvitationView>

export const InvitationList = z.strictObject({ invitations: z.array(InvitationView) })
export type InvitationList = z.infer<typeof InvitationList>

/**
 * The link is in this answer alone, since it is stored as a hash: null where the request was sent again under its Idempotency-Key.
 */
export const NewInvitation = z.strictObject({ ...InvitationView.shape, link: z.string().nullable() })
export type NewInvitation = z.infer<typeof NewInvitation>
