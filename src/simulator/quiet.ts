import type { Person } from './accounts/person.js'
import { SimulatorError } from './errors.js'
import type { Exchange } from './exchange.js'
import type { Ledger } from './ledger.js'

const LOOK_EVERY_MS = 10
/** An account counts as quiet when nothing but keepalives passed for this long. */
const SILENCE_MS = 60

/** Resolves once an account has nothing under way and stayed silent for a moment. */
export async function untilQuiet(
  { exchange, ledger }: { exchange: Exchange; ledger: Ledger },
  person: Person,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const silent = (): boolean => Date.now() - ledger.lastActivity(person.phoneNumber) >= SILENCE_MS
  while (!exchange.isQuiet(person) || !silent()) {
    if (Date.now() > deadline) {
      throw new SimulatorError('wait_timeout', `${person.phoneNumber} was not quiet within ${timeoutMs} ms`)
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
