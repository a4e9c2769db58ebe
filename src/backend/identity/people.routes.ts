import { z } from 'zod'
import { UserId } from '../../contract/ids.js'
import {
  ChangeMemberRequest,
  InvitationList,
  InviteRequest,
  MemberList,
  MemberView,
  NameWorkspaceRequest,
  NewInvitation,
  WorkspaceList,
  WorkspaceView,
} from '../../contract/people.js'
import { member, scopeOf } from '../http/actor.js'
import { missingScope } from '../http/refusals.js'
import { route, type Route } from '../http/route.js'
import { changeMember, removeMember } from './change-member.js'
import { notFound } from './errors.js'
import type { IdentityParts } from './identity.js'
import { listInvitations } from './invitations-store.js'
import { invite, withdrawInvitation } from './invite.js'
import { listMembers } from './members-store.js'
import { createWorkspace, listWorkspaces, renameWorkspace } from './workspaces.js'

export type PeopleRoutesDeps = {
  identity: IdentityParts
  /** Where people reach this gateway. @param host of the request */
  addressFor: (host: string | undefined) => string
}

/** An id that is no UUID is answered like any unknown one. */
const memberParams = z.object({ userId: z.string() })

function userIdOf({ userId }: z.infer<typeof memberParams>): UserId {
  const parsed = UserId.safeParse(userId.toLowerCase())
  if (!parsed.success) throw notFound('member_not_found')
  return parsed.data
}

const managers = { scope: 'admin', role: 'admin' } as const

/**
 * Who is in a workspace is for people and the operator's own services to change: by a key that leaks, somebody would otherwise make
 * themselves an owner who stays when the key is gone.
 */
const people = { ...managers, kinds: ['user', 'service'] } as const

/** Workspaces, who is in them, and who is invited. */
export function peopleRoutes({ identity, addressFor }: PeopleRoutesDeps): Route[] {
  const { tenants } = identity
  return [
    route({
      method: 'get',
      path: '/api/v1/workspaces',
      summary: 'One’s workspaces, the one joined first before the others',
      access: { scope: 'read', manySessions: true },
      answer: WorkspaceList,
      handle: async ({ actor }) => ({ workspaces: await listWorkspaces(identity, member(actor)) }),
    }),
    route({
      method: 'post',
      path: '/api/v1/workspaces',
      summary: 'Make a workspace and own it; for owners and admins of the operator’s workspace',
      access: people,
      audited: 'workspace.created',
      body: NameWorkspaceRequest,
      answer: WorkspaceView,
      handle: ({ actor, body, once }) => createWorkspace(identity, member(actor), body, once),
    }),
    route({
      method: 'patch',
      path: '/api/v1/workspaces/:workspaceId',
      summary: 'Give one’s workspace another name',
      access: people,
      audited: 'workspace.renamed',
      params: z.object({ workspaceId: z.string() }),
      body: NameWorkspaceRequest,
      answer: WorkspaceView,
      handle: ({ actor, params, body }) => renameWorkspace(identity, member(actor), { ...params, ...body }),
    }),
    route({
      method: 'get',
      path: '/api/v1/members',
      summary: 'Who is in the workspace; e-mails are for owners and admins',
      access: { scope: 'read' },
      answer: MemberList,
      async handle({ actor }) {
        const { userId, scopes } = member(actor)
        const members = await tenants.read(scopeOf(actor), listMembers)
        const shown = scopes.has('admin')
        return { members: members.map(one => (shown || one.userId === userId ? one : { ...one, email: null })) }
      },
    }),
    route({
      method: 'patch',
      path: '/api/v1/members/:userId',
      summary: 'Give a member another role, suspend them at once, or end that',
      access: people,
      audited: 'member.role_changed',
      params: memberParams,
      body: ChangeMemberRequest,
      answer: MemberView,
      handle: ({ actor, params, body }) => changeMember(identity, member(actor), { userId: userIdOf(params), ...body }),
    }),
    route({
      method: 'delete',
      path: '/api/v1/members/:userId',
      summary: 'Take a member out of the workspace, or leave it oneself; their sessions become its default user’s',
      access: { scope: 'read', kinds: people.kinds },
      audited: 'member.removed',
      params: memberParams,
      async handle({ actor, params }) {
        const asking = member(actor)
        const userId = userIdOf(params)
        const leaves = asking.kind === 'user' && asking.userId === userId
        if (!leaves && !asking.scopes.has('admin')) throw missingScope('admin')
        await removeMember(identity, asking, { userId })
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/invitations',
      summary: 'Invitations, the newest first, 200 at most',
      access: managers,
      answer: InvitationList,
      handle: async ({ actor }) => ({ invitations: await tenants.read(scopeOf(actor), listInvitations) }),
    }),
    route({
      method: 'post',
      path: '/api/v1/invitations',
      summary: 'Invite somebody; the link is in this answer alone, and nothing is sent to anybody',
      access: people,
      audited: 'invitation.created',
      body: InviteRequest,
      answer: NewInvitation,
      handle: ({ actor, body, response, once }) =>
        invite(identity, member(actor), { ...body, base: addressFor(response.req.headers.host) }, once),
    }),
    route({
      method: 'delete',
      path: '/api/v1/invitations/:invitationId',
      summary: 'Withdraw an invitation that nobody has accepted',
      access: people,
      audited: 'invitation.revoked',
      params: z.object({ invitationId: z.string() }),
      handle: ({ actor, params }) => withdrawInvitation(identity, member(actor), params),
    }),
  ]
}
