import { Router, type RequestHandler } from 'express'
import type { WorkspaceId } from '../contract/ids.js'
import type { PageSettings } from '../contract/linking.js'
import { createAdmission } from './admission/create-admission.js'
import { brandLogo, logoPath } from './brand-logo.js'
import type { Config } from './config/config.js'
import { createTenants } from './database/tenant-transaction.js'
import { createBaileysEngine } from './engine/baileys/baileys-engine.js'
import { clientVersion } from './engine/baileys/client-version.js'
import { createPreKeyPool } from './engine/baileys/pre-keys/pre-key-pool.js'
import { createDrain } from './drain.js'
import { createEventLog } from './events/event-log.js'
import { createEventWakeups } from './events/event-wakeups.js'
import { openGatewayDatabase } from './gateway-database.js'
import { apiDoor } from './http/api-door.js'
import { createClientAddress } from './http/client-address.js'
import { docsPage } from './http/docs-page.js'
import { openApiRoutes } from './http/openapi.js'
import { createIdentify } from './http/identify.js'
import { createRequestLimit } from './http/request-limit.js'
import { createHttpServer, createWebSocketPort } from './http/server.js'
import { createBackgroundJobs } from './jobs/background-jobs.js'
import { createNodeLease } from './leases/node-lease.js'
import { createFinishLink } from './linking/finish-link.js'
import { createLinking, type LinkingDeps } from './linking/linking.js'
import { attemptLines } from './linking/attempt-lines.js'
import { linkingRoutes } from './linking/linking.routes.js'
import { createPrepareDelivery } from './linking/prepare-delivery.js'
import { sessionRoutes } from './linking/sessions.routes.js'
import { createTakeBack } from './linking/take-back.js'
import { createVisitorFeed } from './linking/visitor-feed.js'
import { visitorSessionRoutes } from './linking/visitor-sessions.routes.js'
import { createVisitorSessions } from './linking/visitor-sessions.js'
import { createUpgradeLimits } from './live/upgrade-limits.js'
import { createWebSocketDoor } from './live/websocket.js'
import type { Log } from './log.js'
import { meteredEngine } from './metrics/metered-engine.js'
import { createMetrics } from './metrics/metrics.js'
import { createMissedCommands } from './own-chat/missed-commands.js'
import { createOwnChat } from './own-chat/own-chat.js'
import { nodeHealth } from './node-health.js'
import { packageVersion } from './package-version.js'
import { createRecovery } from './recovery.js'
import { Releases } from './releases.js'
import { sessionHooks } from './session-hooks.js'
import { createFinishHandOff } from './session-commands/finish-hand-off.js'
import { missionRoutes } from './session-commands/mission.routes.js'
import { createSessionCommands } from './session-commands/session-commands.js'
import { sessionCommandRoutes } from './session-commands/session-commands.routes.js'
import { countedEngine } from './sessions/counted-engine.js'
import { createLeaseWatch } from './sessions/lease-watch.js'
import { createLongReconnects } from './sessions/long-reconnects.js'
import { makeConnectPacer } from './sessions/make-connect-pacer.js'
import { createOperatorAlarm } from './sessions/operator-alarm.js'
import { createOwnerlessSessions } from './sessions/ownerless-sessions.js'
import { createServeOutbox } from './sessions/serve-outbox.js'
import { createSessions } from './sessions/sessions.js'
import { mostConnectsUnderWay } from './sessions/under-way.js'
import { operatorWorkspace } from './tenancy/operator-workspace.js'
import { createVault } from './vault/vault.js'

export type AppParts = {
  log: Log
  /** The page and its assets: built files, or Vite while developing. */
  pages: RequestHandler
  codeAnswerMs?: LinkingDeps['codeAnswerMs']
}

export interface App extends AsyncDisposable {
  /** Takes the node's lease, recovers what was left behind and opens the door. @returns the port */
  start(): Promise<number>
}

/** Batches of pre-keys kept ready: as many links may start at once without waiting for one. */
const warmPreKeyBatches = 16

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
  const { nodeName: name, publicUrl, roles, trustProxy, production } = config
  const cookies = { secure: publicUrl?.startsWith('https:') ?? false }
  const { supportUrl, ownerUrl, mode, brandLogo: logoFile } = config.linking

  const metrics = releases.use(createMetrics())
  const { database, sessionsDatabase, appUrl } = releases.use(await openGatewayDatabase(config))
  const tenants = createTenants(database, () => lease.doubt())
  const sessionTenants = createTenants(sessionsDatabase, () => lease.doubt())
  const ofSessions = { database: sessionsDatabase, tenants: sessionTenants }
  const vault = createVault({ secret: config.sessionSecret })
  const events = createEventLog({ vault })
  const wakeups = releases.use(createEventWakeups({ url: () => appUrl, log: log.child('events') }))
  const lease = releases.use(createNodeLease({ url: () => appUrl, database, name, log: log.child('leases') }))
  const { nodeId } = lease
  const preKeys = releases.use(createPreKeyPool({ size: warmPreKeyBatches }))
  const version = clientVersion(config.whatsapp.version)
  const whatsapp = createBaileysEngine({
    url: config.whatsapp.url,
    version,
    preKeys,
    log,
    mayWrite: () => lease.mayWrite(),
  })
  const engine = meteredEngine(whatsapp, metrics.connections('session'))
  const alarm = createOperatorAlarm({ log: log.child('operator') })
  const connects = { database: sessionsDatabase, settings: config.connects, version, alarm, log: log.child('connects') }
  const pacer = releases.use(makeConnectPacer({ ...connects, mostUnderWay: mostConnectsUnderWay }))
  const sessions = releases.use(createSessions({ tenants: sessionTenants, engine, events, pacer, alarm, log }))
  const looks = { ...ofSessions, events, log: log.child('sessions') }
  const leaseWatch = releases.use(createLeaseWatch({ ...looks, sessions, wakeups, lease }))

  const admission = releases.use(
    createAdmission({
      database,
      wakeups,
      nodeId,
      settings: roles.sessions ? config.limits : { ...config.limits, closed: 'to everybody' },
      secret: config.sessionSecret,
      log: log.child('admission'),
    }),
  )

  let operator: WorkspaceId | null = null
  const workspaceId = (): WorkspaceId => {
    if (operator === null) throw new Error('the app has not been started')
    return operator
  }
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
      mode,
      codeAnswerMs,
    }),
  )
  const prepareDelivery = createPrepareDelivery({ tenants: sessionTenants, events, vault, settings: config.linking })
  const finishLink = createFinishLink({ tenants: sessionTenants, events, prepareDelivery, log: log.child('linking') })
  const serveOutbox = createServeOutbox({ tenants: sessionTenants, wakeups })
  const resendDeps = { events, vault, engine, settings: config.linking }
  const ownChat = createOwnChat({ tenants: sessionTenants, ...resendDeps })
  const missedCommands = createMissedCommands({ tenants: sessionTenants, engine, onMessage: ownChat })
  const { sessionIdPrefix } = config.linking
  const takesSessions = () => roles.sessions && !drain.isDraining() && !lease.isReplaced()
  const takeBack = createTakeBack({
    tenants,
    engine,
    events,
    vault,
    sessions,
    nodeId,
    takesSessions,
    sessionIdPrefix,
    log: log.child('linking'),
  })
  const commands = createSessionCommands({
    tenants,
    ...resendDeps,
    sessions,
    links: linking.forServices,
    nodeId,
    takesSessions,
    log: log.child('commands'),
  })
  const logOut: typeof commands.logOut = (...of) => commands.logOut(...of)
  const visitorSessions = createVisitorSessions({ tenants, workspaceId, ...resendDeps, logOut })
  const finishHandOff = createFinishHandOff({ tenants: sessionTenants, ...resendDeps })
  const around = { events, finishLink, finishHandOff, serveOutbox, onMessage: ownChat, onMissed: missedCommands }
  const recovery = releases.use(
    createRecovery({ ...ofSessions, wakeups, vault, linking, sessions, lease, log: log.child('recovery') }),
  )

  const longReconnects = releases.use(createLongReconnects({ ...looks, afterMs: config.sessionTimeoutMs }))
  const ownerless = releases.use(createOwnerlessSessions(looks))
  const jobsDeps = { ...ofSessions, url: appUrl, events, vault, nodeId, log: log.child('jobs') }
  const jobs = releases.use(createBackgroundJobs({ ...jobsDeps, onOutcome: metrics.jobTried }))

  const addressOf = createClientAddress({ trustProxy, production, log: log.child('http') })
  const identify = createIdentify({ serviceToken: config.serviceToken, cookies, addressOf })
  const limit = createRequestLimit({ most: config.limits.requestsPerMinute, withinMs: 60_000 })
  const feedDeps = { tenants, events, wakeups, vault, workspaceId }
  const live = createWebSocketDoor({
    openFeed: createVisitorFeed({ ...feedDeps, log: log.child('linking'), onDelivered: metrics.eventDelivered }),
    limits: createUpgradeLimits({ addressOf, cookies, limit, perAddress: config.limits.socketsPerAddress }),
    cookies,
    publicUrl,
    log: log.child('live'),
  })
  let started = false
  const { health, figures } = nodeHealth({
    database,
    sessionsDatabase,
    lease,
    sessions,
    pacer,
    alarm,
    live,
    metrics,
    identify,
    metricsFrom: config.metricsFrom,
    phase: () => (drain.isDraining() ? 'draining' : started ? 'ready' : 'starting'),
  })
  const page: PageSettings = { mode, supportUrl, ownerUrl, logoUrl: logoFile === null ? null : logoPath }
  const described = [
    ...health,
    ...linkingRoutes({ linking, cookies, page }),
    ...visitorSessionRoutes(visitorSessions),
    ...sessionRoutes({ takeBack, workspaceId }),
    ...sessionCommandRoutes({ commands, workspaceId }),
    ...missionRoutes({ commands, workspaceId }),
  ]
  const routes = [...described, ...openApiRoutes(described, packageVersion())]
  const documents = Router().use(docsPage(routes, packageVersion()))
  if (logoFile !== null) documents.get(logoPath, brandLogo(logoFile))
  const server = releases.use(
    createHttpServer({
      log,
      publicUrl,
      routes: roles.api ? routes : health,
      pages: roles.api ? Router().use(figures, documents, pages) : figures,
      onUpgrade: roles.api ? live.onUpgrade : (_request, socket) => socket.destroy(),
      identify,
      door: apiDoor({ identify, addressOf, limit }),
    }),
  )
  const wsPort = config.wsPort === null ? null : releases.use(createWebSocketPort(live.onUpgrade))
  // goes first: the server's own close waits for the sockets it handed over
  releases.use(live)
  // before all of it, while the door is open: others are told that this node is going
  const drain = releases.use(
    createDrain({
      database: sessionsDatabase,
      lease,
      recovery,
      linking,
      leaseWatch,
      sessions,
      connects: config.connects,
      log: log.child('drain'),
    }),
  )

  return {
    async start() {
      operator = await operatorWorkspace(database, tenants)
      await wakeups.start()
      await lease.start({
        onDoubt() {
          sessions.pauseAll()
          lines.pauseAll()
        },
        onSure(owned) {
          sessions.resumeAll(owned)
          // what went on may have begun another doubt
          if (lease.isSure()) lines.resumeAll()
        },
        onReplaced: () => sessions.abandonAll(),
      })
      drain.begin()
      await admission.start()
      sessions.start(sessionHooks(around))
      const port = await server.listen(config.port, config.host)
      if (config.wsPort !== null) await wsPort?.listen(config.wsPort, config.host)
      if (roles.sessions) recovery.start()
      else await lease.leaveOut()
      leaseWatch.start()
      linking.start()
      longReconnects.start()
      ownerless.start()
      if (roles.jobs) jobs.start()
      started = true
      return port
    },
    async [Symbol.asyncDispose]() {
      // while sessions are given up
      await Promise.all([jobs[Symbol.asyncDispose](), releases[Symbol.asyncDispose]()])
    },
  }
}
