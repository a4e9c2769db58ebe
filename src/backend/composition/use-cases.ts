import type { Config } from '../config/config.js'
import type { LinkingDeps } from '../linking/linking.js'
import { createTakeBack } from '../linking/take-back.js'
import { createVisitorSessions } from '../linking/visitor-sessions.js'
import type { Log } from '../log.js'
import { createPrivacy } from '../privacy/privacy.js'
import type { Tombstones } from '../privacy/tombstones.js'
import { createSessionCommands } from '../session-commands/session-commands.js'
import type { Foundation } from './foundation.js'
import type { LinkingParts } from './linking-parts.js'
import type { SessionParts } from './session-parts.js'

export type UseCasesDeps = {
  config: Config
  foundation: Foundation
  sessionParts: SessionParts
  linkingParts: LinkingParts
  tombstones: Tombstones
  workspaceId: LinkingDeps['workspaceId']
  takesSessions: () => boolean
  log: Log
}

/** What people and programs may ask for, whichever door they come through. */
export type UseCases = ReturnType<typeof createUseCases>

export function createUseCases(deps: UseCasesDeps) {
  const { config, foundation, sessionParts, linkingParts, tombstones, workspaceId, takesSessions, log } = deps
  const { tenants, events, vault, lease } = foundation
  const { engine, sessions } = sessionParts
  const { nodeId } = lease
  const asked = { tenants, events, vault, engine, sessions, nodeId, takesSessions }
  const takeBack = createTakeBack({
    ...asked,
    sessionIdPrefix: config.linking.sessionIdPrefix,
    maxSessionsPerUser: config.maxSessionsPerUser,
    log: log.child('linking'),
  })
  const commands = createSessionCommands({
    ...asked,
    links: linkingParts.linking.forServices,
    settings: config.linking,
    log: log.child('commands'),
  })
  const visitorSessions = createVisitorSessions({
    tenants,
    events,
    vault,
    engine,
    settings: config.linking,
    workspaceId,
    logOut: (...of: Parameters<typeof commands.logOut>) => commands.logOut(...of),
  })
  const privacy = createPrivacy({ tenants, vault, events, tombstones, operatorWorkspace: workspaceId })
  return { takeBack, commands, visitorSessions, privacy }
}
