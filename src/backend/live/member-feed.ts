import { liveCloseCodes, LiveRequest } from '../../contract/live.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventStreamDeps } from '../events/event-stream.js'
import type { Member } from '../http/actor.js'
import { atMost } from '../at-most.js'
import type { LiveLine } from './live-line.js'
import { watchStanding, type StandingWatchDeps } from './standing-watch.js'
import { Subscriptions, type MemberView } from './subscriptions.js'

export type MemberFeedDeps = StandingWatchDeps & {
  tenants: Tenants
  events: EventStreamDeps['log']
  wakeups: EventStreamDeps['wakeups']
  onDelivered?: EventStreamDeps['onDelivered']
  view: MemberView
}

/** Of the connections that requests share: however many listen, requests find some free. */
const readsAtOnce = 2

/** Requests of one line that wait for their turn; whoever has more is cut off. */
const mostWaiting = 100

/** Serves one line until it is over: requests in their order, subscriptions, and a look at whether its owner may still listen. */
export type ServeMember = (line: LiveLine, member: Member) => void

export function createMemberFeed({ tenants, events, view, onDelivered, ...watch }: MemberFeedDeps): ServeMember {
  const { wakeups, log } = watch
  const inTurn = atMost(readsAtOnce)
  const reading: Pick<Tenants, 'read'> = { read: (...asked) => inTurn(() => tenants.read(...asked)) }
  const stream = { tenants: reading, log: events, wakeups, ...(onDelivered && { onDelivered }) }
  return (line, member) => {
    const subscriptions = new Subscriptions({ stream, view, log }, line, member)
    const stopWatch = watchStanding(watch, member, now => {
      if (now === null) line.close(liveCloseCodes.signedOut, 'signed out')
      else if (!mayStillListen(member, now)) line.close(liveCloseCodes.forbidden, 'not allowed any more')
    })
    line.ended.addEventListener('abort', () => stopWatch())

    let turn = line.say({ event: 'ready', data: { workspaceId: member.workspaceId, userId: member.userId } })
    let waiting = 0
    line.onText(text => {
      if (++waiting > mostWaiting) return line.close(liveCloseCodes.tooMany, 'too many requests')
      turn = turn
        .then(() => answer(line, subscriptions, text))
        .catch(() => line.close(liveCloseCodes.tryLater, 'try again'))
        .finally(() => waiting--)
    })
  }
}

/** What is listened to was chosen by what the member was allowed at first: less of it, and they have to come again. */
function mayStillListen(before: Member, { scopes, sessionIds }: Member): boolean {
  if (!scopes.has('read')) return false
  if (sessionIds === null) return true
  return before.sessionIds !== null && [...before.sessionIds].every(id => sessionIds.has(id))
}

async function answer(line: LiveLine, subscriptions: Subscriptions, text: string): Promise<void> {
  const request = readRequest(text)
  if (request === null) {
    await line.say({
      event: 'refused',
      data: {
        sessionId: null,
        code: 'invalid_frame',
        message: 'This frame could not be read.',
        action: 'Send JSON such as {"event":"subscribe","data":{}}.',
      },
    })
  } else if (request.event === 'ping') {
    await line.say({ event: 'pong', data: {} })
  } else if (request.event === 'subscribe') {
    const { sessionId = null, after = null } = request.data
    await subscriptions.begin(sessionId, after)
  } else {
    await subscriptions.end(request.data.sessionId ?? null)
  }
}

function readRequest(text: string): LiveRequest | null {
  try {
    return LiveRequest.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
