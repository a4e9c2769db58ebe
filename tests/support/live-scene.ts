import type { EventEnvelope } from '../../src/contract/events.js'
import { EventTeller } from './event-teller.js'
import { MemberLine } from './member-line.js'
import { TwoNodes } from './two-nodes.js'

/** Two nodes, a session of the operator's, and somebody who tells of it. */
export class LiveScene implements AsyncDisposable {
  private constructor(
    readonly nodes: TwoNodes,
    readonly teller: EventTeller,
    readonly sessionId: string,
  ) {}

  static async open(): Promise<LiveScene> {
    const nodes = await TwoNodes.start()
    const { sessionId } = await nodes.link()
    const [session] = await nodes.rows.query<{ workspace_id: string }>('select workspace_id from whizlite.sessions')
    return new LiveScene(nodes, await EventTeller.open(nodes.gateway, session?.workspace_id ?? ''), sessionId)
  }

  /** With a ticket of the node that runs the session. @param url of the one that is listened to; absent: the other */
  listen(url = this.nodes.there.url, headers: Record<string, string> = {}): Promise<MemberLine> {
    return MemberLine.withTicket(this.nodes.here, { url, headers })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.teller[Symbol.asyncDispose]()
    await this.nodes[Symbol.asyncDispose]()
  }
}

/** What the teller has told. */
export const reasonsOf = (line: MemberLine): string[] =>
  line
    .events()
    .filter(({ event }) => event === 'connection_lost')
    .map(({ data }) => (data as { reason: string }).reason)

export const hears = (line: MemberLine, reason: string): Promise<EventEnvelope> =>
  line.waitFor(({ data }) => (data as { reason?: unknown }).reason === reason, undefined, reason)
