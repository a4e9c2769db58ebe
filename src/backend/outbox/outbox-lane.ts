import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { TenantReader, Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EngineConnection, SendOutcome } from '../engine/engine.js'
import { assertFence, type Fence } from '../leases/fence.js'
import type { Sealer } from '../vault/sealer.js'
import { nextOpenMessage, noteAttempt, noteOutcome, type OutboxMessage } from './outbox-store.js'

/** Longest wait for the server's verdict on one attempt; then the same bytes go out again. */
const ackDeadlineMs = 20_000

/** Before a message without a verdict is written again; doubles each time. */
const pauseMs = 500

/** Times that one message is written before the lane gives it up as unconfirmed and leaves the rest for the next drain. */
const attemptsPerDrain = 3

export type OutboxLaneDeps = {
  tenants: Tenants
  sealer: Sealer
  workspaceId: WorkspaceId
  sessionId: SessionId
  fence: Fence
  /** Aborts when no further message is to be begun; the one under way gets its verdict. */
  lastCall: AbortSignal
  /** Takes the device off the account. Called after the verdict on a farewell and before that is stored, so it is safe to repeat. */
  leave: () => Promise<void>
}

/**
 * Sends what a session's outbox holds, strictly in order, each message after the verdict on the one before.
 * Stops early, leaving rows open, when the line is lost; the caller drains again on the next connection.
 * @returns whether every message has a verdict now
 */
export async function drainOutbox(
  deps: OutboxLaneDeps,
  connection: EngineConnection,
  signal: AbortSignal,
): Promise<boolean> {
  for (let tries = 0, last = ''; ;) {
    const message = await read(deps, tx => nextOpenMessage(tx, deps.sealer, deps.sessionId))
    if (message === null) return true
    tries = message.id === last ? tries + 1 : 1
    last = message.id
    if (signal.aborted || deps.lastCall.aborted || tries > attemptsPerDrain) return false
    await write(deps, tx => noteAttempt(tx, message.id))
    const result = await sendUntil(signal, connection, message)
    if (message.kind === 'farewell' && result.outcome !== 'unconfirmed') await deps.leave()
    await settle(deps, message, result)
    if (result.outcome === 'unconfirmed')
      await delay(pauseMs * 2 ** tries, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** The verdict, or none when the time for this drain is over: it may still come, and the next drain will find out. */
async function sendUntil(
  signal: AbortSignal,
  connection: EngineConnection,
  { built }: OutboxMessage,
): Promise<SendOutcome> {
  if (signal.aborted) return { outcome: 'unconfirmed' }
  let giveUp = () => {}
  const over = new Promise<SendOutcome>(resolve => (giveUp = () => resolve({ outcome: 'unconfirmed' })))
  signal.addEventListener('abort', giveUp)
  try {
    return await Promise.race([connection.send(built, ackDeadlineMs), over])
  } finally {
    // the signal is the connection's and may live for months
    signal.removeEventListener('abort', giveUp)
  }
}

function settle(deps: OutboxLaneDeps, { id }: OutboxMessage, result: SendOutcome): Promise<void> {
  switch (result.outcome) {
    case 'sent':
      return write(deps, tx => noteOutcome(tx, id, 'sent'))
    case 'refused':
      return write(deps, tx => noteOutcome(tx, id, 'failed', result.code))
    case 'unconfirmed':
      return write(deps, tx => noteOutcome(tx, id, 'unconfirmed'))
  }
}

function read<Result>(
  { tenants, workspaceId }: OutboxLaneDeps,
  work: (tx: TenantReader) => Promise<Result>,
): Promise<Result> {
  return tenants.read({ workspaceId }, work)
}

function write(
  { tenants, workspaceId, sessionId, fence }: OutboxLaneDeps,
  work: (tx: TenantTransactor) => Promise<void>,
) {
  return tenants.transact({ workspaceId }, async tx => {
    await assertFence(tx, sessionId, fence)
    await work(tx)
  })
}
