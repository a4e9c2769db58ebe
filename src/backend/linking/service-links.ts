import { randomUUID } from 'node:crypto'
import { SessionId } from '../../contract/ids.js'
import type { LinkAttemptView, LinkPhase, StartLinkAnswer } from '../../contract/linking.js'
import { readPhoneNumber } from '../../contract/phone-number.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import type { Vault } from '../vault/vault.js'
import { nameCell } from './attempt-cells.js'
import { attemptView } from './attempt-view.js'
import { findAttempt, stagedOfServices, type Attempt } from './attempts-reading.js'
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

export type ServiceAttempt = { view: LinkAttemptView; name: string | null }

/** Links that a service begins. No cookie knows them: whoever has the service token finds them by their id. */
export interface ServiceLinks {
  /**
   * Opens an attempt and answers with its first QR or code, or with its place in the queue. Joins the one that is under way under the
   * given id if it asks the same way.
   * @throws GatewayError as `Linking.link` does, and `session_id_taken`, also for an id whose attempt has ended without a link
   */
  link(how: ServiceLink): Promise<StartLinkAnswer>
  /** An attempt of a service, under way or ended; null for visitors' attempts too. */
  find(sessionId: SessionId): Promise<ServiceAttempt | null>
  /** Those of services that are under way and no session yet, by id. */
  list(page: { after: SessionId | null; limit: number }): Promise<ServiceAttempt[]>
  /** Ends one that is under way; nothing happens to one that has ended. @throws GatewayError `attempt_not_found` */
  cancel(sessionId: SessionId): Promise<void>
}

export type ServiceLinksDeps = Pick<RunningAttemptsDeps, 'tenants' | 'vault' | 'admission' | 'workspaceId'> & {
  wakeups: EventWakeups
  running: RunningAttempts
  inTurn: ReturnType<typeof oneAtATime>
  /** Ends an attempt on whichever node it runs, also one that has just become a session. */
  end: (sessionId: SessionId, how: AttemptEnd) => Promise<void>
}

const acceptedPhases: readonly LinkPhase[] = ['scanned', 'preparing', 'delivering']

export function createServiceLinks({
  tenants,
  vault,
  admission,
  workspaceId,
  wakeups,
  running,
  inTurn,
  end,
}: ServiceLinksDeps): ServiceLinks {
  const read = <Result>(work: (tx: TenantReader) => Promise<Result>) =>
    tenants.read({ workspaceId: workspaceId() }, work)

  const known = (sessionId: SessionId) =>
    read(async tx => {
      const attempt = await findAttempt(tx, sessionId)
      return attempt && { attempt, number: await expectedNumber(tx, vault, attempt) }
    })

  const present = async (tx: TenantReader, attempt: Attempt): Promise<ServiceAttempt> => ({
    view: await attemptView(tx, vault, attempt),
    name: await nameOf(tx, vault, attempt),
  })

  const find = async (sessionId: SessionId): Promise<ServiceAttempt | null> => {
    const found = await read(async tx => {
      const attempt = await findAttempt(tx, sessionId)
      return attempt?.startedBy === 'service' ? { ...(await present(tx, attempt)), placeId: attempt.placeId } : null
    })
    if (found === null) return null
    const { view, name, placeId } = found
    const queuePosition = view.phase === 'queued' ? await admission.position(placeId) : null
    return { view: queuePosition === null ? view : { ...view, queuePosition }, name }
  }

  const asksTheSame = ({ attempt, number }: { attempt: Attempt; number: string | null }, plan: LinkPlan) =>
    attempt.method === plan.method && attempt.mode === plan.mode && number === plan.phoneNumber

  const joinOrOpen = async (sessionId: SessionId, plan: LinkPlan): Promise<void> => {
    const before = await known(sessionId)
    const begun = before === null && (await running.open({ sessionId, starter: 'service', address: null, plan }))
    if (begun !== false && begun.attempt !== null) return
    // another request, perhaps on another node, was first
    const found = before ?? (await known(sessionId))
    if (found?.attempt.startedBy !== 'service' || hasEnded(found.attempt.phase)) throw sessionIdTaken()
    if (acceptedPhases.includes(found.attempt.phase) || !asksTheSame(found, plan)) throw linkRunning()
  }

  const viewOf = async (sessionId: SessionId) => {
    const found = await find(sessionId)
    if (found === null) throw attemptNotFound()
    return found.view
  }

  return {
    async link({ sessionId: given, phoneNumber, ...how }) {
      const plan: LinkPlan = { ...how, phoneNumber: phoneNumber === null ? null : digitsOf(phoneNumber) }
      const sessionId = given ?? SessionId.parse(randomUUID())
      await inTurn(sessionId, () => joinOrOpen(sessionId, plan))
      const attempt = await running.get(sessionId)
      return attempt === null || attempt.waits
        ? shownElsewhere(wakeups, sessionId, () => viewOf(sessionId))
        : shownHere(sessionId, attempt)
    },
    find,
    list: page =>
      read(async tx => {
        const attempts = await stagedOfServices(tx, page)
        const presented: ServiceAttempt[] = []
        // one connection, one question at a time
        for (const attempt of attempts) presented.push(await present(tx, attempt))
        return presented
      }),
    async cancel(sessionId) {
      const { phase } = await viewOf(sessionId)
      if (hasEnded(phase)) return
      await end(sessionId, { phase: 'cancelled', reason: phase === 'scanned' ? 'cancelled_late' : 'cancelled' })
    },
  }
}

async function nameOf(tx: TenantReader, vault: Vault, { sessionId, sealedName }: Attempt): Promise<string | null> {
  if (sealedName === null) return null
  const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
  return sealer.open(nameCell(sessionId), sealedName).toString('utf8')
}

function digitsOf(typed: string): string {
  const number = readPhoneNumber(typed)
  if ('problem' in number) throw unusableNumber(number.message)
  return number.digits
}
