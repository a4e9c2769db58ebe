import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import { sessionState } from '../sessions/sessions-store.js'
import type { CommandDeps, CommandScope } from './command-scope.js'

/** Whoever asks waits so long for what another node, and WhatsApp, have to do. */
const patience = { limitMs: 10_000, everyMs: 100 }

/** Until the session is in one of these states, or the time is over. */
export async function awaitState(
  { tenants }: CommandDeps,
  scope: CommandScope,
  sessionId: SessionId,
  states: readonly SessionState[],
): Promise<SessionState> {
  const deadline = performance.now() + patience.limitMs
  for (;;) {
    const state = await tenants.read(scope, tx => sessionState(tx, sessionId))
    if (states.includes(state) || performance.now() > deadline) return state
    await delay(patience.everyMs)
  }
}
