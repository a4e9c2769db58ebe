import type { RequestHandler } from 'express'
import type { WorkspaceId } from '../contract/ids.js'
import { aroundSessions } from './composition/around-sessions.js'
import { openFoundation } from './composition/foundation.js'
import { createFrontDoor } from './composition/front-door.js'
import { firstOwnerNotice } from './composition/identity.js'
import { createLinkingParts } from './composition/linking-parts.js'
import { createSessionParts } from './composition/session-parts.js'
import { standStill } from './composition/stand-still.js'
import { createUseCases } from './composition/use-cases.js'
import type { Config } from './config/config.js'
import { createDrain } from './drain.js'
import type { Route } from './http/route.js'
import { createBackgroundJobs } from './jobs/background-jobs.js'
import type { LinkingDeps } from './linking/linking.js'
import type { Log } from './log.js'
import { createEraseJob, longHandled } from './privacy/erase-job.js'
import { createDataKeysJob, dataKeysAt } from './key-rotation/data-keys-job.js'
import { createSweepAtStart } from './privacy/sweep-at-start.js'
import { createSweepJob, sweepAt } from './privacy/sweep-job.js'
import { createTombstones, tombstoneKey } from './privacy/tombstones.js'
import { createRecovery } from './recovery.js'
import { Releases } from './releases.js'
import { createLongReconnects } from './sessions/long-reconnects.js'
import { createOwnerlessSessions } from './sessions/ownerless-sessions.js'
import { findOperator, type Operator } from './tenancy/operator.js'

export type AppParts = {
  log: Log
  /** The page and its assets: built files, or Vite while developing. */
  pages: RequestHandler
  codeAnswerMs?: LinkingDeps['codeAnswerMs']
}

export interface App extends AsyncDisposable {
  /** All that it answers at, but pages. */
  readonly routes: readonly Route[]
  /** Takes the node's lease, recovers what was left behind and opens the door. @returns the port */
  start(): Promise<number>
  /**
   * The link by which the first owner claims this installation; a secret, for the operator's eyes alone.
   * @param base where people reach the gateway @returns null on all but the first start
   */
  firstOwnerLink(base: string, isSeen: boolean): Promise<string | null>
}

/**
 * The composition root: everything is built here, in reading order, with plain constructors. The database is opened (and a wrong secret
 * refused) while building; nothing else talks to anybody before `start`. Disposal runs in reverse.
 */
export async function createApp(config: Config, parts: AppParts): Promise<App> {
  const releases = new Releases()
  try {
    return await compose(config, parts, releases)
  } catch (error) {
    await releases[Symbol.asyncDispose]()
    throw error
  }
}

async function compose(config: Config, { log, pages, codeAnswerMs }: AppParts, releases: Releases): Promise<App> {
  const { roles, connects } = config
  let found: Operator | null = null
  const operator = (): Operator => {
    if (found === null) throw new Error('the app has not been started')
    return found
  }
  const workspaceId = (): WorkspaceId => operator().workspaceId
  const foundation = await openFoundation(config, log, releases)
  const {
    database,
    sessionsDatabase,
    appUrl,
    tenants,
    sessionTenants,
    vault,
    events,
    wakeups,
    lease,
    glances,
    metrics,
  } = foundation
  const { nodeId } = lease
  const sessionParts = createSessionParts(config, foundation, log, releases)
  const { sessions, looks, leaseWatch } = sessionParts
  const linkingParts = createLinkingParts(
    { config, foundation, sessionParts, workspaceId, codeAnswerMs, log },
    releases,
  )
  const { admission, lines, linking } = linkingParts
  const takesSessions = () => roles.sessions && !drain.isDraining() && !lease.isReplaced()
  const tombstones = createTombstones(
    await tombstoneKey(sessionsDatabase, { secret: config.sessionSecret, previous: config.previousSecret }),
  )
  const useCases = createUseCases({
    config,
    foundation,
    tombstones,
    sessionParts,
    linkingParts,
    workspaceId,
    takesSessions,
    log,
  })

  const ofSessions = { database: sessionsDatabase, tenants: sessionTenants }
  const recovery = releases.use(
    createRecovery({ ...ofSessions, wakeups, glances, vault, linking, sessions, lease, log: log.child('recovery') }),
  )
  const longReconnects = releases.use(createLongReconnects({ ...looks, afterMs: config.sessionTimeoutMs }))
  const ownerless = releases.use(createOwnerlessSessions({ ...looks, glances }))
  const privacyDeps = {
    ...ofSessions,
    handled: longHandled,
    operatorWorkspace: workspaceId,
    events,
    vault,
    tombstones,
    dataDir: config.dataDir,
    log: log.child('privacy'),
  }
  const sweep = createSweepJob(privacyDeps)
  const sweepAtStart = releases.use(createSweepAtStart({ sweep, log: privacyDeps.log }))
  const dataKeys = createDataKeysJob({ ...ofSessions, vault, log: log.child('keys') })
  const others = [createEraseJob(privacyDeps), sweep, dataKeys]
  const jobsDeps = {
    ...ofSessions,
    url: appUrl,
    events,
    vault,
    nodeId,
    others,
    otherTimes: [sweepAt, dataKeysAt],
    log: log.child('jobs'),
  }
  const jobs = releases.use(createBackgroundJobs({ ...jobsDeps, onOutcome: metrics.jobTried }))

  let started = false
  const phase = () => (drain.isDraining() ? 'draining' : started ? 'ready' : 'starting')
  const door = createFrontDoor(
    { config, foundation, sessionParts, linkingParts, useCases, operator, phase, pages, log },
    releases,
  )
  // before all of it, while the door is open: others are told that this node is going
  const drain = releases.use(
    createDrain({
      database: sessionsDatabase,
      lease,
      recovery,
      linking,
      leaseWatch,
      sessions,
      connects,
      log: log.child('drain'),
    }),
  )

  return {
    routes: door.routes,
    async start() {
      found = await findOperator(database, tenants)
      await wakeups.start()
      await lease.start(standStill({ sessions, lines, lease }))
      await foundation.confirmSecrets()
      drain.begin()
      await admission.start()
      sessions.start(aroundSessions(config, foundation, sessionParts, log))
      const port = await door.open()
      if (roles.sessions) recovery.start()
      else await lease.leaveOut()
      leaseWatch.start()
      linking.start()
      longReconnects.start()
      ownerless.start()
      glances.start()
      if (roles.jobs) {
        jobs.start()
        sweepAtStart.start()
      }
      started = true
      return port
    },
    firstOwnerLink: (base, isSeen) => firstOwnerNotice(door.identity, { base, isSeen, log: log.child('identity') }),
    async [Symbol.asyncDispose]() {
      // while sessions are given up
      await Promise.all([jobs[Symbol.asyncDispose](), releases[Symbol.asyncDispose]()])
    },
  }
}
