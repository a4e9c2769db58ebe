import { randomUUID } from 'node:crypto'
import { decodeSessionId, type SessionContents } from '../../session/index.js'
import { SessionId, type SessionIdString } from '../../contract/ids.js'
import type { TakenSession } from '../../contract/sessions.js'
import { audit } from '../audit/audit.js'
import type { Tenants, TenantScope, TenantTransactor } from '../database/tenant-transaction.js'
import type { Engine, TakenBack } from '../engine/engine.js'
import type { EventLog } from '../events/event-log.js'
import type { Once } from '../http/idempotency.js'
import { unknownSession } from '../http/refusals.js'
import { lockLease, nobodysId, openLease, reopenLease } from '../leases/session-leases.js'
import type { Log } from '../log.js'
import { dropFarewells } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { requireOwner } from '../sessions/session-owner.js'
import { readSession } from '../sessions/session-view.js'
import type { Sessions } from '../sessions/sessions.js'
import { lockPersonOf } from '../sessions/sessions-store.js'
import { insertSession } from '../sessions/set-session-state.js'
import type { Vault } from '../vault/vault.js'
import { personOf, supersedeOlder } from './promote-attempt.js'
import { requireRoom } from './session-limit.js'
import { botNotStopped, foreignString, notHandedOff, sessionIdProblem, unreadableString } from './take-back-errors.js'
import {
  isWithBot,
  lockState,
  markTaken,
  sessionsOf,
  storedCredentials,
  storeTaken,
  type TakenReason,
} from './take-back-store.js'

/** With a `userId` it is this member who asks, and it must be their session. */
export type TakeBackInput = TenantScope & {
  sessionId: SessionId
  /** What this server has stored, or what the bot has now. */
  source: 'stored' | SessionIdString
  /** The caller's word. */
  botStopped: boolean
  /** Absent or null: the request named no key for its answer. */
  once?: Once | null
}

/**
 * Sessions that a bot ran come to this server and stay. A bot that was not stopped gets them back at its next login, without a fight. One that
 * a newer link had superseded supersedes that one in turn.
 */
export interface TakeBack {
  /** @throws GatewayError `bot_not_stopped`, `session_not_found`, `forbidden`, `session_state`, `session_id_unreadable`, `session_id_foreign` */
  takeBack(input: TakeBackInput): Promise<TakenSession>
  /**
   * The same for a string that may come from anywhere. A device that is known here is taken back; another one, or one whose session was
   * deleted here or is another member's, becomes a session of the caller's own and supersedes the account's earlier ones.
   * @throws GatewayError as `takeBack`, and `session_limit`
   */
  importSession(input: Omit<TakeBackInput, 'sessionId' | 'source'> & { source: SessionIdString }): Promise<TakenSession>
}

export type TakeBackDeps = {
  tenants: Tenants
  engine: Engine
  events: EventLog
  vault: Vault
  sessions: Pick<Sessions, 'resume' | 'rest'>
  nodeId: string
  /** Whether this node may begin to run sessions: not one that is about to stop. What it does not take is left to the others. */
  takesSessions: () => boolean
  sessionIdPrefix: string
  maxSessionsPerUser: number
  log: Log
}

type Asking = TenantScope & Pick<TakeBackInput, 'once'>

const takenAs = (sessionId: SessionId): TakenSession => ({ sessionId, state: 'connecting' })

export function createTakeBack({
  tenants,
  engine,
  events,
  vault,
  sessions,
  nodeId,
  takesSessions,
  sessionIdPrefix,
  maxSessionsPerUser,
  log,
}: TakeBackDeps): TakeBack {
  const ownerToBe = () => (takesSessions() ? nodeId : nobodysId)

  const read = (string: SessionIdString): SessionContents => {
    try {
      return decodeSessionId(string, { prefix: sessionIdPrefix })
    } catch (error) {
      throw sessionIdProblem(error)
    }
  }

  const convert = (...of: Parameters<Engine['takeBack']>): TakenBack => {
    try {
      return engine.takeBack(...of)
    } catch (error) {
      throw sessionIdProblem(error)
    }
  }

  const run = async (
    identity: SessionIdentity,
    reason: TakenReason,
    superseded: SessionId[],
  ): Promise<TakenSession> => {
    const { sessionId } = identity
    await Promise.all([sessionId, ...superseded].map(here => sessions.rest(here)))
    log.info('session_taken', { sessionId, code: reason })
    if (identity.fence.nodeId === nodeId) sessions.resume(identity, 'owner_waits')
    return takenAs(sessionId)
  }

  const take = async ({ once, ...scope }: Asking, sessionId: SessionId, string: SessionContents | null) => {
    const { workspaceId } = scope
    const taken = await tenants.transact({ workspaceId }, async tx => {
      const personId = await lockPersonOf(tx, sessionId)
      if (personId === null) throw unknownSession()
      await lockLease(tx, sessionId)
      const found = await lockState(tx, sessionId)
      if (found === null || found.deleted) throw unknownSession()
      if (!isWithBot(found)) throw notHandedOff(found.state)
      const sealer = await vault.sealer(tx, { workspaceId, sessionId })
      const stored = await storedCredentials(tx, sealer, sessionId)
      if (stored === null) throw notHandedOff()
      if (string !== null && !engine.isSameDevice(stored.credentials, string)) throw foreignString()
      const owner = ownerToBe()
      const fence = await reopenLease(tx, sessionId, owner)
      await storeTaken(tx, sealer, sessionId, convert(stored.credentials, string), stored)
      // a log-out that was asked for and could not be done is not wanted any more
      await dropFarewells(tx, sessionId)
      // an account has one session: the newer one gives way, as an older one does to a new link
      const superseded = found.state === 'superseded' ? await supersedeOlder(events, tx, personId) : []
      await markTaken(events, tx, sessionId)
      await audit(tx, { action: 'session.take_back', target: sessionId }, scope)
      await once?.remember(tx, takenAs(sessionId))
      if (owner === nobodysId) await events.wake(tx, owner)
      return { identity: { workspaceId, sessionId, fence, sealer }, superseded }
    })
    return run(taken.identity, 'taken_back', taken.superseded)
  }

  /** The session of a person that is this very device. */
  const knownDevice = async (tx: TenantTransactor, ids: readonly SessionId[], string: SessionContents) => {
    const { workspaceId } = tx.scope
    for (const sessionId of ids) {
      const stored = await storedCredentials(tx, await vault.sealer(tx, { workspaceId, sessionId }), sessionId)
      if (stored !== null && engine.isSameDevice(stored.credentials, string)) return sessionId
    }
    return null
  }

  const create = async (
    tx: TenantTransactor,
    { once, ...scope }: Asking,
    string: SessionContents,
    { account, ...taken }: TakenBack,
  ) => {
    const { workspaceId, userId } = scope
    const personId = await personOf(tx, account)
    const known = await knownDevice(tx, await sessionsOf(tx, personId, userId), string)
    if (known !== null) return { known }
    if (userId !== undefined) await requireRoom(tx, userId, maxSessionsPerUser)
    const sessionId = SessionId.parse(randomUUID())
    const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
    const owner = ownerToBe()
    const fence = await openLease(tx, sessionId, owner)
    const superseded = await supersedeOlder(events, tx, personId)
    const reason: TakenReason = 'imported'
    await insertSession(events, tx, {
      id: sessionId,
      person_id: personId,
      owner_id: userId,
      mode: 'managed',
      state: 'connecting',
      reason,
      phone_number: account.phoneNumber,
      lid: account.lid,
      taken_back_at: new Date(),
    })
    await storeTaken(tx, sealer, sessionId, { account, ...taken }, null)
    await audit(tx, { action: 'session.import', target: sessionId }, scope)
    await once?.remember(tx, takenAs(sessionId))
    if (owner === nobodysId) await events.wake(tx, owner)
    return { superseded, identity: { workspaceId, sessionId, fence, sealer } }
  }

  return {
    async takeBack({ sessionId, source, botStopped, ...scope }) {
      if (!botStopped) throw botNotStopped()
      await tenants.read(scope, async tx => {
        const session = await readSession(tx, sessionId)
        if (session === null) throw unknownSession()
        requireOwner(scope, session)
      })
      return take(scope, sessionId, source === 'stored' ? null : read(source))
    },
    async importSession({ source, botStopped, ...scope }) {
      if (!botStopped) throw botNotStopped()
      const string = read(source)
      if (string.account.number === null)
        throw unreadableString('The session ID is of an account without a phone number.')
      const taken = convert(null, string)
      const created = await tenants.transact({ workspaceId: scope.workspaceId }, tx => create(tx, scope, string, taken))
      if ('known' in created) return take(scope, created.known, string)
      return run(created.identity, 'imported', created.superseded)
    },
  }
}
