import { randomUUID } from 'node:crypto'
import { SessionId, type UserId, type WorkspaceId } from '../../contract/ids.js'
import type { LinkAttemptView, LinkPhase, StartLinkAnswer } from '../../contract/linking.js'
import { readPhoneNumber } from '../../contract/phone-number.js'
import type { TenantReader, TenantScope } from '../database/tenant-transaction.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import type { Vault } from '../vault/vault.js'
import { nameCell } from './attempt-cells.js'
import { attemptView } from './attempt-view.js'
import { findAttempt, stagedOfServices, type Attempt, type ServiceAttemptsPage } from './attempts-reading.js'
import { attemptNotFound, linkRunning, sessionIdTaken, unusableNumber } from './errors.js'
import { expectedNumber } from './expected-number.js'
import { hasEnded } from './link-phase.js'
import type { LinkPlan } from './link-plan.js'
import type { AttemptEnd } from './link-turns.js'
import type { oneAtATime } from './one-at-a-time.js'
import type { RunningAttempts, RunningAttemptsDeps } from './running-attempts.js'
import { shownElsewhere, shownHere } from './shown-answer.js'

export type ServiceLink = Omit<LinkPlan, 'phoneNumber'> & {
  /** An id of the service's own choice. */
  sessionId: SessionId | null
  /** As it was typed. */
  phoneNumber: string | null
}

export type ServiceAttempt = { view: LinkAttemptView; name: string | null; ownerId: UserId }

/** Links that members begin, and services for them. No cookie knows them: the member whose they are finds them by their id. */
export interface ServiceLinks {
  /**
   * Opens an attempt and answers with its first QR or code, or with its place in the queue. Joins the one that is under way under the
   * given id if it asks the same way.
   * @throws GatewayError as `Linking.link` does, `session_limit`, and `session_id_taken`, also for an id whose attempt has ended without
   * a link
   */
  link(scope: TenantScope, how: ServiceLink): Promise<StartLinkAnswer>
  /** An attempt of this member's, under way or ended; null for visitors' attempts too. */
  find(scope: TenantScope, sessionId: SessionId): Promise<ServiceAttempt | null>
  /** Those that are under way and no session yet, by id. */
  list(scope: TenantScope, page: ServiceAttemptsPage): Promise<ServiceAttempt[]>
  /** Ends one that is under way; nothing happens to one that has ended. @throws GatewayError `attempt_not_found` */
  cancel(scope: TenantScope, sessionId: SessionId): Promise<void>
}

export type ServiceLinksDeps = Pick<RunningAttemptsDeps, 'tenants' | 'vault' | 'admission'> & {
  wakeups: EventWakeups
  running: RunningAttempts
  inTurn: ReturnType<typeof oneAtATime>
  /** Ends an attempt on whichever node it runs, also one that has just become a session. */
  end: (link: { workspaceId: WorkspaceId; sessionId: SessionId }, how: AttemptEnd) => Promise<void>
}

const acceptedPhases: readonly LinkPhase[] = ['scanned', 'preparing', 'delivering']

export function createServiceLinks({
  tenants,
  vault,
  admission,
  wakeups,
  running,
  inTurn,
  end,
}: ServiceLinksDeps): ServiceLinks {
  const known = (scope: TenantScope, sessionId: SessionId) =>
    tenants.read(scope, async tx => {
      const attempt = await findAttempt(tx, sessionId)
      return attempt && { attempt, number: await expectedNumber(tx, vault, attempt) }
    })

  const present = async (tx: TenantReader, attempt: Attempt): Promise<ServiceAttempt> => ({
    view: await attemptView(tx, vault, attempt),
    name: await nameOf(tx, vault, attempt),
    ownerId: attempt.ownerId,
  })

  const find = async (scope: TenantScope, sessionId: SessionId): Promise<ServiceAttempt | null> => {
    const found = await tenants.read(scope, async tx => {
      const attempt = await findAttempt(tx, sessionId)
      return attempt?.startedBy === 'service' ? { ...(await present(tx, attempt)), placeId: attempt.placeId } : null
    })
    if (found === null) return null
    const { view, placeId, ...rest } = found
    const queuePosition = view.phase === 'queued' ? await admission.position(placeId) : null
    return { view: queuePosition === null ? view : { ...view, queuePosition }, ...rest }
  }

  const asksTheSame = ({ attempt, number }: { attempt: Attempt; number: string | null }, plan: LinkPlan) =>
    attempt.method === plan.method && attempt.mode === plan.mode && number === plan.phoneNumber

  const joinOrOpen = async (scope: TenantScope, sessionId: SessionId, plan: LinkPlan): Promise<void> => {
    const before = await known(scope, sessionId)
    // somebody else's, whom this member does not see
    if (before === null && running.has(sessionId)) throw sessionIdTaken()
    const begun = before === null && (await running.open({ sessionId, starter: { scope }, address: null, plan }))
    if (begun !== false && begun.attempt !== null) return
    // another request, perhaps on another node, was first
    const found = before ?? (await known(scope, sessionId))
    if (found?.attempt.startedBy !== 'service' || hasEnded(found.attempt.phase)) throw sessionIdTaken()
    if (acceptedPhases.includes(found.attempt.phase) || !asksTheSame(found, plan)) throw linkRunning()
  }

  const viewOf = async (scope: TenantScope, sessionId: SessionId) => {
    const found = await find(scope, sessionId)
    if (found === null) throw attemptNotFound()
    return found.view
  }

  return {
    async link(scope, { sessionId: given, phoneNumber, ...how }) {
      const plan: LinkPlan = { ...how, phoneNumber: phoneNumber === null ? null : digitsOf(phoneNumber) }
      const sessionId = given ?? SessionId.parse(randomUUID())
      await inTurn(sessionId, () => joinOrOpen(scope, sessionId, plan))
      const attempt = await running.get(sessionId)
      return attempt === null || attempt.waits
        ? shownElsewhere(wakeups, sessionId, () => viewOf(scope, sessionId))
        : shownHere(sessionId, attempt)
    },
    find,
    list: (scope, page) =>
      tenants.read(scope, async tx => {
        const attempts = await stagedOfServices(tx, page)
        const presented: ServiceAttempt[] = []
        // one connection, one question at a time
        for (const attempt of attempts) presented.push(await present(tx, attempt))
        return presented
      }),
    async cancel(scope, sessionId) {
      const { phase } = await viewOf(scope, sessionId)
      if (hasEnded(phase)) return
      const { workspaceId } = scope
      await end(
        { workspaceId, sessionId },
        { phase: 'cancelled', reason: phase === 'scanned' ? 'cancelled_late' : 'cancelled' },
      )
    },
  }
}

async function nameOf(tx: TenantReader, vault: Vault, { sessionId, sealedName }: Attempt): Promise<string | null> {
  if (sealedName === null) return null
  const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
  return (await sealer.open(tx, nameCell(sessionId), sealedName)).toString('utf8')
}

function digitsOf(typed: string): string {
  const number = readPhoneNumber(typed)
  if ('problem' in number) throw unusableNumber(number.message)
  return number.digits
}
