import type { Companion } from './accounts/person.js'
import type { Problems } from './problems.js'

/** Counts a second login of one device as a problem, once somebody asked for it: two processes hold one account. */
export class OwnerWatch {
  #heardWithinMs: number | undefined

  constructor(private readonly problems: Problems) {}

  /** `heardWithinMs`: an older connection that has said nothing for longer belongs to nobody who is alive. */
  start(heardWithinMs = Infinity): void {
    this.#heardWithinMs = heardWithinMs
  }

  replaced({ person, deviceId }: Companion, heardMsAgo: number): void {
    if (this.#heardWithinMs === undefined || heardMsAgo >= this.#heardWithinMs) return
    const subject = { account: person.phoneNumber, device: deviceId }
    this.problems.violation(`logged in twice, the older connection was heard ${heardMsAgo} ms before`, subject)
  }
}
