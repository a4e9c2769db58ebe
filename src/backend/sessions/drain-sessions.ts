import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId } from '../../contract/ids.js'
import type { ConnectSettings } from '../config/config.js'
import type { Fence } from '../leases/fence.js'

export type DrainSessions = {
  /** After so long no further session is begun; whoever claims it later goes on as after a crash. */
  limitMs: number
  /** Sessions in a second, as many as others can connect: one that is given up sooner waits longer. `null`: nobody is there to take them. */
  perSecond: number | null
  /** After so long what is left is stopped as fast as it goes: it waits longer then, but ends in good order. */
  pacedMs: number
  /** Called once a session has stopped: others may have it. */
  release: (sessionId: SessionId, fence: Pick<Fence, 'epoch'>) => Promise<void>
}

type Draining = { epoch: bigint; drain(patienceMs: number): Promise<void> }

const atOnce = 50
const verdictPatienceMs = 3_000
/** When many are left. */
const shortPatienceMs = 500

/** @returns sessions in a second that so many nodes connect; `null`: there are none */
export function takenPerSecond(
  takers: number,
  { perSecond, perSecondTotal }: Pick<ConnectSettings, 'perSecond' | 'perSecondTotal'>,
): number | null {
  return takers === 0 ? null : Math.min(takers * perSecond, perSecondTotal)
}

/** Stops sessions a few at a time, and gives each up the moment it has stopped: its owner misses it no longer than its own hand-over takes. */
export async function drainSessions(
  { limitMs, pacedMs, perSecond, release }: DrainSessions,
  running: Map<SessionId, Draining>,
): Promise<void> {
  const begin = performance.now()
  const passedMs = () => performance.now() - begin
  const sessions = [...running].values()
  let begun = 0

  const drainNext = async (): Promise<void> => {
    for (const [sessionId, session] of sessions) {
      const dueMs = perSecond === null ? 0 : (begun++ / perSecond) * 1_000
      const waitMs = Math.min(dueMs, pacedMs, limitMs) - passedMs()
      if (waitMs > 0) await delay(waitMs)
      if (passedMs() >= limitMs) return
      // until its turn it is within everybody's reach
      if (running.get(sessionId) !== session) continue
      running.delete(sessionId)
      await session.drain(passedMs() < pacedMs ? verdictPatienceMs : shortPatienceMs)
      await release(sessionId, session)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, drainNext))
}
