import type { WorkspaceId } from '../../contract/ids.js'
import { createAdmission } from '../admission/create-admission.js'
import type { Config } from '../config/config.js'
import { attemptLines } from '../linking/attempt-lines.js'
import { createLinking, type LinkingDeps } from '../linking/linking.js'
import type { Log } from '../log.js'
import { meteredEngine } from '../metrics/metered-engine.js'
import type { Releases } from '../releases.js'
import { countedEngine } from '../sessions/counted-engine.js'
import type { Foundation } from './foundation.js'
import type { SessionParts } from './session-parts.js'

export type LinkingPartsDeps = {
  config: Config
  foundation: Foundation
  sessionParts: SessionParts
  workspaceId: () => WorkspaceId
  codeAnswerMs: LinkingDeps['codeAnswerMs']
  log: Log
}

/** Attempts to link an account, and who is let in to make one. */
export type LinkingParts = ReturnType<typeof createLinkingParts>

export function createLinkingParts(deps: LinkingPartsDeps, releases: Releases) {
  const { config, foundation, sessionParts, workspaceId, codeAnswerMs, log } = deps
  const { metrics, database, tenants, sessionTenants, vault, events, wakeups, lease } = foundation
  const { whatsapp, pacer, sessions } = sessionParts
  const { nodeId } = lease
  const admission = releases.use(
    createAdmission({
      database,
      wakeups,
      nodeId,
      settings: config.roles.sessions ? config.limits : { ...config.limits, closed: 'to everybody' },
      secret: config.sessionSecret,
      log: log.child('admission'),
    }),
  )
  const lines = attemptLines(countedEngine(meteredEngine(whatsapp, metrics.connections('link')), pacer))
  const linking = releases.use(
    createLinking({
      tenants,
      sessionTenants,
      lines,
      mayBegin: () => pacer.mayBegin(),
      events,
      wakeups,
      vault,
      sessions,
      admission,
      log,
      nodeId,
      workspaceId,
      maxSessionsPerUser: config.maxSessionsPerUser,
      mode: config.linking.mode,
      codeAnswerMs,
    }),
  )
  return { admission, lines, linking }
}
