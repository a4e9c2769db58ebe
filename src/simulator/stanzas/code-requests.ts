import type { CodeRequest } from '../control-surface.js'
import { Waiters } from '../waiters.js'

/** That somebody asked for a pairing code: what stays of it when the connection that asked is gone. */
export type AskedCode = {
  phoneNumber: string
  /** what the companion calls itself */
  platform: string
  /** milliseconds since the epoch */
  askedAt: number
  expiresAt: number
  /** not linked, not replaced, and its connection lasts */
  pending: boolean
  /** the phone shows a notification that nobody has been handed yet */
  notifies: boolean
}

/** Every request for a pairing code there ever was, whether or not anybody has the number. */
export class CodeRequests {
  readonly #byNumber = new Map<string, AskedCode[]>()
  readonly #notifications = new Waiters<AskedCode>()

  add(asked: AskedCode): void {
    const before = this.#byNumber.get(asked.phoneNumber)
    if (before) before.push(asked)
    else this.#byNumber.set(asked.phoneNumber, [asked])
    this.#notifications.offer(asked)
  }

  /** Oldest first. */
  of(phoneNumber: string): AskedCode[] {
    return this.#byNumber.get(phoneNumber) ?? []
  }

  /** The next notification the phone of this number shows; each is handed out once. */
  async nextNotification(phoneNumber: string, timeoutMs: number): Promise<CodeRequest> {
    const take = (asked: AskedCode): boolean => {
      if (asked.phoneNumber !== phoneNumber || !asked.notifies) return false
      asked.notifies = false
      return true
    }
    const what = (): string => 'a request for a pairing code'
    return describeCode(this.of(phoneNumber).find(take) ?? (await this.#notifications.wait(take, timeoutMs, what)))
  }

  stop(reason: Error): void {
    this.#notifications.failAll(reason)
  }
}

/** Its code can still be typed. */
export function isOpen({ pending, expiresAt }: AskedCode): boolean {
  return pending && Date.now() < expiresAt
}

export function describeCode(asked: AskedCode): CodeRequest {
  const { platform, askedAt, expiresAt } = asked
  return { platform, askedAt, expiresAt, open: isOpen(asked) }
}
