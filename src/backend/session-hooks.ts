import type { EventLog } from './events/event-log.js'
import { unfinishedAttempt } from './linking/attempts-reading.js'
import { endLinkAtRest } from './linking/end-unfinished-link.js'
import type { OpenSession } from './sessions/open-session.js'
import type { SessionHooks } from './sessions/sessions.js'

export type SessionHooksDeps = Pick<SessionHooks, 'onMessage' | 'onMissed'> & {
  events: EventLog
  /** What an open connection is given to do, one after the other; the last goes on as long as it lives. */
  finishLink: (session: OpenSession) => Promise<void>
  finishHandOff: (session: OpenSession) => Promise<void>
  serveOutbox: (session: OpenSession) => Promise<void>
}

/** What happens around every session that runs here. */
export function sessionHooks({
  events,
  finishLink,
  finishHandOff,
  serveOutbox,
  ...heard
}: SessionHooksDeps): SessionHooks {
  return {
    ...heard,
    async onOpen(session) {
      await finishLink(session)
      await finishHandOff(session)
      if (session.signal.aborted) return
      session.catchUp()
      await serveOutbox(session)
    },
    onResting: (tx, sessionId, reason) => endLinkAtRest(events, tx, sessionId, reason),
    isLinking: async (tx, sessionId) => (await unfinishedAttempt(tx, sessionId)) !== null,
  }
}
