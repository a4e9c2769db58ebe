import { z } from 'zod'
import { Role } from './access.js'
import { UserId, WorkspaceId } from './ids.js'
import { EmailAddress, Password, PlainName } from './people.js'

/**
 * Where the refresh token travels. `cookie`: for pages; no script can read it. `body`: for programs, which keep it themselves.
 */
export const TokenIn = z.enum(['cookie', 'body'])
export type TokenIn = z.infer<typeof TokenIn>

/** Six digits of an authenticator, or one of the recovery codes. */
export const SecondFactor = z.string().trim().min(6).max(40)

export const SignInRequest = z.strictObject({
  email: EmailAddress,
  password: Password,
  code: SecondFactor.optional(),
  /** Which of one's workspaces; absent: the one joined first. */
  workspaceId: WorkspaceId.optional(),
  tokenIn: TokenIn.default('cookie'),
})
export type SignInRequest = z.infer<typeof SignInRequest>

/** Whoever asks proves anew who they are, signed in or not. */
export const DeleteLoginRequest = SignInRequest.pick({ email: true, password: true, code: true })
export type DeleteLoginRequest = z.infer<typeof DeleteLoginRequest>

/** An access token with whom it stands for. */
export const SignedIn = z.strictObject({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  /** Seconds. */
  expiresIn: z.number().int().positive(),
  /** With `tokenIn: "body"` alone; it is good for one refresh. */
  refreshToken: z.string().optional(),
  userId: UserId,
  workspaceId: WorkspaceId,
  role: Role,
})
export type SignedIn = z.infer<typeof SignedIn>

/** Without a token the cookie is read. */
export const RefreshRequest = z.strictObject({ refreshToken: z.string().max(200).optional() })
export type RefreshRequest = z.infer<typeof RefreshRequest>

export const ClaimInfoRequest = z.strictObject({ token: z.string().max(200) })

/** A link that gives a place in a workspace. */
const PlaceClaim = z.strictObject({
  kind: z.enum(['owner', 'invitation']),
  workspace: z.string(),
  role: Role,
  /** The one address that it is for; null: any. */
  email: z.string().nullable(),
  expiresAt: z.iso.datetime(),
})

/** A link for a new password in place of a lost one. */
const PasswordClaim = z.strictObject({
  kind: z.literal('password'),
  /** Of the login. */
  email: z.string(),
  /** Whether the login does without its second factor from then on. */
  dropsSecondFactor: z.boolean(),
  expiresAt: z.iso.datetime(),
})

/** What a link is good for, for whoever has it. */
export const ClaimInfo = z.discriminatedUnion('kind', [PlaceClaim, PasswordClaim])
export type ClaimInfo = z.infer<typeof ClaimInfo>

export const FirstOwnerRequest = z.strictObject({
  token: z.string().max(200),
  email: EmailAddress,
  password: Password,
  name: PlainName,
  tokenIn: TokenIn.default('cookie'),
})
export type FirstOwnerRequest = z.infer<typeof FirstOwnerRequest>

/** With the e-mail and password of a login that exists the invitation is its; else a login is made. */
export const AcceptInvitationRequest = z.strictObject({
  token: z.string().max(200),
  /** May be left out where the invitation names it. */
  email: EmailAddress.optional(),
  password: Password,
  /** Needed for a login that exists and has a second factor. */
  code: SecondFactor.optional(),
  /** As the workspace is to know the new member. */
  name: PlainName,
  tokenIn: TokenIn.default('cookie'),
})
export type AcceptInvitationRequest = z.infer<typeof AcceptInvitationRequest>

/** With the token of a link for a new password. */
export const NewPasswordRequest = z.strictObject({ token: z.string().max(200), password: Password })

export const ChangeEmailRequest = z.strictObject({ password: Password, email: EmailAddress })

/** As the workspace is to know one. */
export const ChangeMeRequest = z.strictObject({ name: PlainName })

export const SwitchWorkspaceRequest = z.strictObject({ workspaceId: WorkspaceId })

/** An access token for another of one's workspaces; the refresh token stays. */
export const Switched = SignedIn.omit({ refreshToken: true })
export type Switched = z.infer<typeof Switched>

export const ChangePasswordRequest = z.strictObject({ old: Password, new: Password })

export const PasswordAgainRequest = z.strictObject({ password: Password })

export const ConfirmSecondFactorRequest = z.strictObject({ code: SecondFactor })

export const RemoveSecondFactorRequest = z.strictObject({ password: Password, code: SecondFactor })

/** For an authenticator: the address as a QR or a link, or the secret typed by hand. In this answer alone. */
export const SecondFactorBegun = z.strictObject({ secret: z.string(), uri: z.string() })
export type SecondFactorBegun = z.infer<typeof SecondFactorBegun>

/** Each stands once for the six digits, when the authenticator is lost. In this answer alone. */
export const RecoveryCodes = z.strictObject({ recoveryCodes: z.array(z.string()) })
export type RecoveryCodes = z.infer<typeof RecoveryCodes>

/** A new access token after what has ended the others. */
export const AccessToken = SignedIn.pick({ accessToken: true, tokenType: true, expiresIn: true })
export type AccessToken = z.infer<typeof AccessToken>

export const SecondFactorConfirmed = z.strictObject({ ...RecoveryCodes.shape, ...AccessToken.shape })
export type SecondFactorConfirmed = z.infer<typeof SecondFactorConfirmed>

export const Me = z.strictObject({
  kind: z.enum(['user', 'key', 'service']),
  user: z.strictObject({
    userId: UserId,
    name: z.string(),
    email: z.string().nullable(),
    /** Null where there is no login yet. */
    secondFactor: z.boolean().nullable(),
    /** Recovery codes that are left; null without a second factor. */
    recoveryCodesLeft: z.number().int().nullable(),
  }),
  workspace: z.strictObject({ workspaceId: WorkspaceId, name: z.string() }),
  role: Role,
  scopes: z.array(z.string()),
})
export type Me = z.infer<typeof Me>
