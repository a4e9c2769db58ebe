import { UserId, type WorkspaceId } from '../../contract/ids.js'
import type { Ticket } from '../../contract/live.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { GatewayError } from '../errors.js'
import type { Member } from '../http/actor.js'
import { createRateLimit } from '../http/rate-limit.js'
import { hashOf, newTicketText, readTicketText } from './ticket-text.js'
import { storeTicket, takeTicket, type StoredTicket } from './tickets-store.js'
import type { StillStands } from './still-stands.js'

const lifeSeconds = 30

/** Tickets that open one WebSocket each, because a browser can show no other proof there that proxies do not write down. */
export interface Tickets {
  /** @param origin of the page that is to open the socket; null for a program, which has none */
  issue(member: Member, origin: string | null): Promise<Ticket>
  /**
   * Uses a ticket up, also where it is then refused.
   * @throws GatewayError `unauthenticated` for one that is unknown, used, expired, of another origin, or whose owner may not any more
   */
  redeem(text: string, from: { origin: string | null; address: string }): Promise<Member>
}

export type TicketsDeps = { tenants: Tenants; stillStands: StillStands }

/** Of one member: a hundred each time is more than anybody makes. */
const clearingsPerSecond = 20

export function createTickets({ tenants, stillStands }: TicketsDeps): Tickets {
  const clearings = createRateLimit({ perSecond: clearingsPerSecond, burst: 1 })
  return {
    async issue(member, origin) {
      const { workspaceId, userId } = member
      const ticket = newTicketText(workspaceId)
      const stored: StoredTicket = {
        user_id: userId,
        kind: member.kind,
        key_id: member.keyId ?? null,
        family_id: member.familyId ?? null,
        login_version: member.loginVersion ?? null,
        origin,
      }
      const scope = { workspaceId, userId }
      const withClearing = clearings.take([{ name: `${workspaceId} ${userId}`, times: 1 }]).waitSeconds === null
      await storeTicket(tenants, scope, { hash: hashOf(ticket), ticket: stored, seconds: lifeSeconds, withClearing })
      return { ticket, expiresIn: lifeSeconds }
    },

    async redeem(text, { origin, address }) {
      const read = readTicketText(text)
      if (read === null) throw ticketRefused()
      const { workspaceId, hash } = read
      const taken = await tenants.transact({ workspaceId }, tx => takeTicket(tx, hash))
      if (taken === null || taken.origin !== origin) throw ticketRefused()
      const member = await stillStands(ownerOf(workspaceId, taken, address))
      if (member === null) throw ticketRefused()
      return member
    },
  }
}

/** Who it was given to, without anything that may have changed since. */
function ownerOf(workspaceId: WorkspaceId, ticket: StoredTicket, address: string): Member {
  return {
    kind: ticket.kind,
    workspaceId,
    userId: UserId.parse(ticket.user_id),
    role: 'member',
    scopes: new Set(),
    sessionIds: null,
    address,
    ...(ticket.key_id !== null && { keyId: ticket.key_id }),
    ...(ticket.family_id !== null && { familyId: ticket.family_id }),
    ...(ticket.login_version !== null && { loginVersion: ticket.login_version }),
  }
}

/** One answer for all: what was wrong with it is of use to a thief alone. */
function ticketRefused(): GatewayError {
  return new GatewayError({
    code: 'unauthenticated',
    status: 401,
    message: 'This ticket cannot be used: it opens one socket, within 30 seconds, from the page that it was made for.',
    action: 'Get a new one with POST /api/v1/ws-tickets.',
  })
}
