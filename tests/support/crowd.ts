import { z } from 'zod'
import type { LinkAttemptView } from '../../src/contract/linking.js'
import type { Phone } from '../../src/simulator/index.js'
import { LiveEvents, Visitor, type Answer } from './visitor.js'

/** A browser behind a proxy that tells its address, which is nobody else's. */
export class ForwardedVisitor extends Visitor {
  #events: LiveEvents | null = null

  constructor(
    baseUrl: string,
    readonly address: string,
  ) {
    super(baseUrl)
  }

  override request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return super.request(method, path, body, { 'x-forwarded-for': this.address, ...headers })
  }

  startAnyhow(body: Record<string, unknown> = {}): Promise<Answer> {
    return this.request('POST', '/api/sessions/start', body)
  }

  get events(): LiveEvents {
    return (this.#events ??= new LiveEvents(this.baseUrl, this.cookie, undefined, { 'x-forwarded-for': this.address }))
  }

  /** Scans the newest picture that came live and waits for the end. */
  async finishWith(phone: Phone): Promise<LinkAttemptView> {
    const { events } = this
    await events.waitForEvent('qr_code', 60_000)
    const newest = events.all().findLast(({ event }) => event === 'qr_code')
    const { qrCode } = z.object({ qrCode: z.string() }).parse(newest?.data)
    await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
    await events.waitForEvent('complete', 60_000)
    return this.view()
  }

  async leave(): Promise<void> {
    this.#events?.socket.close()
    await this.#events?.closed
  }
}

/** Does the same to each, no more than so many at a time: people do not all take out their phones in one moment. */
export async function eachOf<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const rest = [...items.entries()]
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await work(next[1], next[0])
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
