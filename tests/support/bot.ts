import { useSessionId } from '../../src/session/index.js'
import { RawAccount, RawClient } from '../../src/simulator/raw-client.fixture.js'
import type { SimulatorControl } from '../../src/simulator/index.js'

class BotAccount extends RawAccount {
  override readonly creds
  override readonly keys

  constructor({ state }: Awaited<ReturnType<typeof useSessionId>>) {
    super()
    this.creds = state.creds
    this.keys = state.keys
  }
}

/** Unmodified Baileys, online with nothing but a session ID string; all of its state is in memory. */
export async function openBot(simulator: SimulatorControl, sessionIdString: string): Promise<RawClient> {
  return new RawClient(simulator, new BotAccount(await useSessionId(sessionIdString))).open()
}
