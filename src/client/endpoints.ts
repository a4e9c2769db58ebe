import type { z } from 'zod'
import type { AuditAction, AuditPage } from '../contract/audit.js'
import type {
  AcceptInvitationRequest,
  AccessToken,
  ChangeEmailRequest,
  ChangeMeRequest,
  ChangePasswordRequest,
  ClaimInfo,
  ClaimInfoRequest,
  ConfirmSecondFactorRequest,
  DeleteLoginRequest,
  FirstOwnerRequest,
  Me,
  NewPasswordRequest,
  PasswordAgainRequest,
  RefreshRequest,
  RemoveSecondFactorRequest,
  SecondFactorBegun,
  SecondFactorConfirmed,
  SignedIn,
  SignInRequest,
  Switched,
  SwitchWorkspaceRequest,
} from '../contract/identity.js'
import type { ApiKeyList, CreateApiKeyRequest, NewApiKey } from '../contract/api-keys.js'
import type { Ticket, TicketRequest } from '../contract/live.js'
import type {
  ChangeMemberRequest,
  InvitationList,
  InviteRequest,
  MemberList,
  MemberView,
  NameWorkspaceRequest,
  NewInvitation,
  WorkspaceList,
  WorkspaceView,
} from '../contract/people.js'
import type { Erasure, ErasureList, ErasureRequest, ExportRequest } from '../contract/privacy.js'
import type {
  DeletedSession,
  HandOffRequest,
  LinkSessionRequest,
  ChangeSessionRequest,
  SessionDetails,
  SessionList,
} from '../contract/session-commands.js'
import type { SessionHistory } from '../contract/session-view.js'
import type { ImportSessionRequest, SessionState, TakeBackRequest, TakenSession } from '../contract/sessions.js'
import { endpoint } from './endpoint.js'

type InputOf<Schema extends z.ZodType> = z.input<Schema>
type OneSession = { sessionId: string }
type Page = { limit?: number }
type Nothing = Record<string, never>
type OneMember = { userId: string }

const erasures = '/api/v1/privacy/erasures'
const sessions = '/api/v1/sessions'
const apiKeys = '/api/v1/api-keys'
const one = `${sessions}/:sessionId`
const members = '/api/v1/members'
const invitations = '/api/v1/invitations'
const workspaces = '/api/v1/workspaces'

/** Below `/api/v1/auth` the gateway looks at no key: it keeps nothing of what has secrets in it. */
const ofLogin = <Input, Answer>(path: string) => endpoint<Input, Answer>('POST', `/api/v1/auth/${path}`, 'never')

/** Every route below `/api/v1`; a test holds this table against the gateway's OpenAPI document. */
export const endpoints = {
  sessions: {
    list: endpoint<Page & { cursor?: string; state?: SessionState | readonly SessionState[] }, SessionList>(
      'GET',
      sessions,
    ),
    /** Starts a link and answers with its QR or code. */
    link: endpoint<InputOf<typeof LinkSessionRequest>, SessionDetails>('POST', sessions),
    get: endpoint<OneSession, SessionDetails>('GET', one),
    history: endpoint<OneSession & Page & { before?: string }, SessionHistory>('GET', `${one}/history`),
    update: endpoint<OneSession & InputOf<typeof ChangeSessionRequest>, SessionDetails>('PATCH', one),
    /** To ask twice is to ask once. */
    delete: endpoint<OneSession, DeletedSession>('DELETE', one, 'always'),
    connect: endpoint<OneSession, SessionDetails>('POST', `${one}/connect`),
    disconnect: endpoint<OneSession, SessionDetails>('POST', `${one}/disconnect`),
    reconnect: endpoint<OneSession, SessionDetails>('POST', `${one}/reconnect`),
    logout: endpoint<OneSession, SessionDetails>('POST', `${one}/logout`),
    handOff: endpoint<OneSession & InputOf<typeof HandOffRequest>, SessionDetails>('POST', `${one}/hand-off`),
    takeBack: endpoint<OneSession & InputOf<typeof TakeBackRequest>, TakenSession>('POST', `${one}/take-back`),
    import: endpoint<InputOf<typeof ImportSessionRequest>, TakenSession>('POST', `${sessions}/import`),
  },
  /** Signing in and out, and what people do to their own login. Without an access token unless told. */
  auth: {
    signIn: ofLogin<InputOf<typeof SignInRequest>, SignedIn>('sign-in'),
    refresh: ofLogin<InputOf<typeof RefreshRequest>, SignedIn>('refresh'),
    signOut: ofLogin<InputOf<typeof RefreshRequest>, void>('sign-out'),
    deleteLogin: ofLogin<InputOf<typeof DeleteLoginRequest>, void>('delete-login'),
    /** With an access token, as all of the following that are not about a link. */
    signOutEverywhere: ofLogin<Nothing, void>('sign-out-everywhere'),
    changePassword: ofLogin<InputOf<typeof ChangePasswordRequest>, AccessToken>('password'),
    changeEmail: ofLogin<InputOf<typeof ChangeEmailRequest>, AccessToken>('email'),
    switchWorkspace: ofLogin<InputOf<typeof SwitchWorkspaceRequest>, Switched>('switch-workspace'),
    beginSecondFactor: ofLogin<InputOf<typeof PasswordAgainRequest>, SecondFactorBegun>('totp/begin'),
    confirmSecondFactor: ofLogin<InputOf<typeof ConfirmSecondFactorRequest>, SecondFactorConfirmed>('totp/confirm'),
    removeSecondFactor: ofLogin<InputOf<typeof RemoveSecondFactorRequest>, AccessToken>('totp/remove'),
    claimInfo: ofLogin<InputOf<typeof ClaimInfoRequest>, ClaimInfo>('claim-info'),
    claimFirstOwner: ofLogin<InputOf<typeof FirstOwnerRequest>, SignedIn>('first-owner'),
    acceptInvitation: ofLogin<InputOf<typeof AcceptInvitationRequest>, SignedIn>('accept-invitation'),
    /** With a link of the operator's, in place of a lost one. */
    setNewPassword: ofLogin<InputOf<typeof NewPasswordRequest>, void>('new-password'),
    me: endpoint<Nothing, Me>('GET', '/api/v1/me'),
    changeMe: endpoint<InputOf<typeof ChangeMeRequest>, Me>('PATCH', '/api/v1/me'),
  },
  workspaces: {
    list: endpoint<Nothing, WorkspaceList>('GET', workspaces),
    create: endpoint<InputOf<typeof NameWorkspaceRequest>, WorkspaceView>('POST', workspaces),
    rename: endpoint<{ workspaceId: string } & InputOf<typeof NameWorkspaceRequest>, WorkspaceView>(
      'PATCH',
      `${workspaces}/:workspaceId`,
    ),
  },
  members: {
    list: endpoint<Nothing, MemberList>('GET', members),
    change: endpoint<OneMember & InputOf<typeof ChangeMemberRequest>, MemberView>('PATCH', `${members}/:userId`),
    remove: endpoint<OneMember, void>('DELETE', `${members}/:userId`),
  },
  invitations: {
    list: endpoint<Nothing, InvitationList>('GET', invitations),
    create: endpoint<InputOf<typeof InviteRequest>, NewInvitation>('POST', invitations),
    withdraw: endpoint<{ invitationId: string }, void>('DELETE', `${invitations}/:invitationId`),
  },
  audit: {
    /** For owners and admins. */
    list: endpoint<
      Page & {
        before?: string
        action?: AuditAction
        userId?: string
        target?: string
        since?: string
        until?: string
      },
      AuditPage
    >('GET', '/api/v1/audit'),
  },
  apiKeys: {
    list: endpoint<Page & { cursor?: string }, ApiKeyList>('GET', apiKeys),
    /** The only answer that has the key. */
    create: endpoint<InputOf<typeof CreateApiKeyRequest>, NewApiKey>('POST', apiKeys),
    rotate: endpoint<{ keyId: string }, NewApiKey>('POST', `${apiKeys}/:keyId/rotate`),
    revoke: endpoint<{ keyId: string }, void>('DELETE', `${apiKeys}/:keyId`),
  },
  privacy: {
    /** Of a contact, or of the whole workspace by its owner. */
    erase: endpoint<InputOf<typeof ErasureRequest>, Erasure>('POST', erasures),
    erasures: endpoint<Nothing, ErasureList>('GET', erasures),
    erasure: endpoint<{ erasureId: string }, Erasure>('GET', `${erasures}/:erasureId`),
    /** Lines of JSON; to read them as they come, ask the route itself. */
    export: endpoint<InputOf<typeof ExportRequest>, string>('POST', '/api/v1/privacy/export', 'never'),
  },
  tickets: {
    /** Opens one WebSocket; `client.live()` does it by itself. */
    issue: endpoint<InputOf<typeof TicketRequest>, Ticket>('POST', '/api/v1/ws-tickets', 'never'),
  },
}
