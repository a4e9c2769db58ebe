import { useSessionId } from '../../src/session/index.js'
import { RawAccount, RawClient } from '../../src/simulator/raw-client.fixture.js'
import type { SimulatorControl } from '../../src/simulator/index.js'

export class BotAccount extends RawAccount {
  override readonly creds
  override readonly keys
  /** What the bot would hand back. */
  readonly sessionId

  constructor({ state, sessionId }: Awaited<ReturnType<typeof useSessionId>>) {
    super()
    this.creds = state.creds
    this.keys = state.keys
    this.sessionId = sessionId
  }
}

export async function botAccount(sessionIdString: string): Promise<BotAccount> {
  return new BotAccount(await useSessionId(sessionIdString))
}

/** Unmodified Baileys, online with nothing but a session ID string; all of its state is in memory. */
export async function openBot(simulator: SimulatorControl, sessionIdString: string): Promise<RawClient> {
  return new RawClient(simulator, await botAccount(sessionIdString)).open()
}
