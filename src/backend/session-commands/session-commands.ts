import type { SessionId } from '../../contract/ids.js'
import type {
  DeletedSession,
  SessionDetails,
  SessionHistoryQuery,
  SessionList,
} from '../../contract/session-commands.js'
import type { SessionHistory } from '../../contract/session-view.js'
import { errorCode } from '../log.js'
import type { ServiceLink } from '../linking/service-links.js'
import { createKnownNames } from '../sessions/session-name.js'
import type { CommandDeps, CommandScope } from './command-scope.js'
import { changeSession, type SessionChange } from './change-session.js'
import { connectSession, reconnectSession } from './connect-session.js'
import { deleteSession } from './delete-session.js'
import { disconnectSession } from './disconnect-session.js'
import { handOffSession } from './hand-off-session.js'
import { listSessions, type SessionsWanted } from './list-sessions.js'
import { logOutSession } from './log-out-session.js'
import { viewHistory, viewSession } from './view-session.js'

/**
 * What may be asked of sessions, of any node: each is a change in the database and a wake-up, which whoever runs the session follows.
 * To ask twice is to ask once, and of two that contradict each other the later one counts. All throw GatewayError `session_not_found` for an
 * unknown id, and for one that the member does not see; `session_state` where the session's state does not allow it. What ends a session or
 * gives it away is its owner's: `forbidden` for whoever merely sees it.
 */
export interface SessionCommands {
  list(scope: CommandScope, query: SessionsWanted): Promise<SessionList>
  view(scope: CommandScope, sessionId: SessionId): Promise<SessionDetails>
  history(scope: CommandScope, input: { sessionId: SessionId } & SessionHistoryQuery): Promise<SessionHistory>
  /** @throws as `ServiceLinks.link` */
  link(scope: CommandScope, how: ServiceLink): Promise<SessionDetails>
  connect(scope: CommandScope, sessionId: SessionId): Promise<SessionDetails>
  /** Cancels, where there is a link under way and no session yet. */
  disconnect(scope: CommandScope, sessionId: SessionId): Promise<SessionDetails>
  reconnect(scope: CommandScope, sessionId: SessionId): Promise<SessionDetails>
  logOut(scope: CommandScope, sessionId: SessionId): Promise<SessionDetails>
  handOff(scope: CommandScope, input: { sessionId: SessionId; deliverSessionId: boolean }): Promise<SessionDetails>
  /** Its name, and who sees it. */
  change(scope: CommandScope, input: SessionChange): Promise<SessionDetails>
  /** Cancels, where there is a link under way and no session yet. */
  delete(scope: CommandScope, sessionId: SessionId): Promise<DeletedSession>
}

export function createSessionCommands(given: CommandDeps): SessionCommands {
  const deps = { ...given, names: createKnownNames(given.vault) }
  const { links, log } = deps
  const view = (scope: CommandScope, sessionId: SessionId) => viewSession(deps, scope, sessionId)

  /** Says what was done, or why it was not. */
  const noted = async <Result>(
    command: string,
    { by }: CommandScope,
    { sessionId, work }: { sessionId: SessionId; work: () => Promise<Result> },
  ): Promise<Result> => {
    const asked = { sessionId, command, ...(by?.requestId !== undefined && { requestId: by.requestId }) }
    try {
      const result = await work()
      log.info('session_command', asked)
      return result
    } catch (error) {
      log.info('session_command_refused', { ...asked, code: errorCode(error) })
      throw error
    }
  }

  /** Does it, and answers with what has become of the session. */
  const done = async (
    command: string,
    scope: CommandScope,
    { sessionId, work }: { sessionId: SessionId; work: () => Promise<void> },
  ) => {
    await noted(command, scope, { sessionId, work })
    return view(scope, sessionId)
  }

  /** @returns whether there was one, and no session yet */
  const cancelLink = async (scope: CommandScope, sessionId: SessionId): Promise<boolean> => {
    const attempt = await links.find(scope, sessionId)
    if (attempt === null || attempt.view.state !== 'linking') return false
    await links.cancel(scope, sessionId)
    return true
  }

  return {
    list: (scope, query) => listSessions(deps, scope, query),
    view,
    history: (scope, input) => viewHistory(deps, scope, input),
    async link(scope, how) {
      const { sessionId } = await links.link(scope, how)
      return view(scope, sessionId)
    },
    connect: (scope, sessionId) =>
      done('connect', scope, { sessionId, work: () => connectSession(deps, scope, sessionId) }),
    disconnect: (scope, sessionId) =>
      done('disconnect', scope, {
        sessionId,
        work: async () => {
          if (!(await cancelLink(scope, sessionId))) await disconnectSession(deps, scope, sessionId)
        },
      }),
    reconnect: (scope, sessionId) =>
      done('reconnect', scope, { sessionId, work: () => reconnectSession(deps, scope, sessionId) }),
    logOut: (scope, sessionId) =>
      done('logout', scope, { sessionId, work: () => logOutSession(deps, scope, sessionId) }),
    handOff: (scope, input) =>
      done('hand_off', scope, { sessionId: input.sessionId, work: () => handOffSession(deps, scope, input) }),
    async change(scope, input) {
      const { sessionId } = input
      const changed = await noted('change', scope, { sessionId, work: () => changeSession(deps, scope, input) })
      return changed ?? view(scope, sessionId)
    },
    delete: (scope, sessionId) =>
      noted('delete', scope, {
        sessionId,
        work: async () => {
          if (await cancelLink(scope, sessionId)) return { sessionId, state: 'disconnected' }
          return { sessionId, state: await deleteSession(deps, scope, sessionId) }
        },
      }),
  }
}
