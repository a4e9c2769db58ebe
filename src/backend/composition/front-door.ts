import { Router, type RequestHandler } from 'express'
import type { PageSettings } from '../../contract/linking.js'
import { apiKeyRoutes } from '../api-keys/api-keys.routes.js'
import { auditRoutes } from '../audit/audit.routes.js'
import { createNoteRefusal } from '../audit/note-refusal.js'
import { brandLogo, logoPath } from '../brand-logo.js'
import type { Config } from '../config/config.js'
import { apiDoor } from '../http/api-door.js'
import { createClientAddress } from '../http/client-address.js'
import { docsPage } from '../http/docs-page.js'
import type { NodePhase } from '../http/health.routes.js'
import { createIdentify } from '../http/identify.js'
import { openApiRoutes } from '../http/openapi.js'
import { createRateLimit } from '../http/rate-limit.js'
import { createRequestLimit } from '../http/request-limit.js'
import type { Route } from '../http/route.js'
import { createHttpServer, createWebSocketPort } from '../http/server.js'
import { createIdempotency } from '../idempotency/idempotency.js'
import { linkingRoutes } from '../linking/linking.routes.js'
import { sessionRoutes } from '../linking/sessions.routes.js'
import { createMemberEvents } from '../linking/member-events.js'
import { createVisitorFeed } from '../linking/visitor-feed.js'
import { visitorSessionRoutes } from '../linking/visitor-sessions.routes.js'
import { createAdmit } from '../live/admit.js'
import { createMemberFeed } from '../live/member-feed.js'
import { createStillStands } from '../live/still-stands.js'
import { createTickets } from '../live/tickets.js'
import { ticketRoutes } from '../live/tickets.routes.js'
import { createUpgradeLimits } from '../live/upgrade-limits.js'
import { createWebSocketDoor } from '../live/websocket.js'
import type { Log } from '../log.js'
import { nodeHealth } from '../node-health.js'
import { packageVersion } from '../package-version.js'
import { privacyRoutes } from '../privacy/privacy.routes.js'
import type { Releases } from '../releases.js'
import { missionRoutes } from '../session-commands/mission.routes.js'
import { sessionCommandRoutes } from '../session-commands/session-commands.routes.js'
import type { Operator } from '../tenancy/operator.js'
import type { Foundation } from './foundation.js'
import { createIdentityDoor } from './identity.js'
import { createKeyParts } from './key-parts.js'
import type { LinkingParts } from './linking-parts.js'
import type { SessionParts } from './session-parts.js'
import type { UseCases } from './use-cases.js'

export type FrontDoorDeps = {
  config: Config
  foundation: Foundation
  sessionParts: SessionParts
  linkingParts: LinkingParts
  useCases: UseCases
  operator: () => Operator
  phase: () => NodePhase
  /** The page and its assets. */
  pages: RequestHandler
  log: Log
}

/** Everything that listens: routes, pages and live lines, on one port or two. */
export function createFrontDoor(deps: FrontDoorDeps, releases: Releases) {
  const { config, foundation, sessionParts, linkingParts, useCases, operator, phase, pages, log } = deps
  const secrets = { secret: config.sessionSecret, previous: config.previousSecret }
  const { publicUrl, roles, trustProxy, production, limits } = config
  const { metrics, database, sessionsDatabase, tenants, vault, events, wakeups, lease } = foundation
  const { sessions, pacer, alarm } = sessionParts
  const { takeBack, commands, visitorSessions } = useCases
  const cookies = { secure: publicUrl?.startsWith('https:') ?? false }
  const { supportUrl, ownerUrl, mode, brandLogo: logoFile } = config.linking

  const addressOf = createClientAddress({ trustProxy, production, log: log.child('http') })
  const aMinute = { most: limits.requestsPerMinute, withinMs: 60_000 }
  const limit = createRequestLimit(aMinute)
  const { findMember, holders, apiKeys } = createKeyParts(foundation, log, releases)
  const people = createIdentityDoor({ config, foundation, operator, findMember, cookies, log })
  const { identity } = people
  const identify = createIdentify({
    serviceToken: config.serviceToken,
    cookies,
    addressOf,
    operator,
    findMember,
    verifyAccessToken: identity.verifyAccessToken,
    verifyApiKey: (key, address) => holders.verify(key, address),
    guesses: createRequestLimit(aMinute),
  })
  const feedDeps = { tenants, events, wakeups, vault, workspaceId: () => operator().workspaceId }
  const stillStands = createStillStands({ findMember, ofUser: identity.stillSignedIn, ofKey: holders.stillStands })
  const tickets = createTickets({ tenants, stillStands })
  const onDelivered = metrics.eventDelivered
  const live = createWebSocketDoor({
    openFeed: createVisitorFeed({ ...feedDeps, log: log.child('linking'), onDelivered }),
    serveMember: createMemberFeed({
      tenants,
      events,
      wakeups,
      onDelivered,
      stillStands,
      view: createMemberEvents({ tenants, vault }),
      log: log.child('live'),
    }),
    admit: createAdmit({
      limits: createUpgradeLimits({ addressOf, cookies, limit, perAddress: limits.socketsPerAddress }),
      identify,
      tickets,
      addressOf,
      publicUrl,
      allowedOrigins: config.frontendOrigins,
      log: log.child('live'),
    }),
    log: log.child('live'),
  })
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
    phase,
  })
  const page: PageSettings = { mode, supportUrl, ownerUrl, logoUrl: logoFile === null ? null : logoPath }
  const described = [
    ...health,
    ...linkingRoutes({ linking: linkingParts.linking, cookies, page }),
    ...visitorSessionRoutes(visitorSessions),
    ...apiKeyRoutes(apiKeys),
    ...sessionRoutes({ takeBack }),
    ...sessionCommandRoutes({ commands }),
    ...missionRoutes({ commands }),
    ...ticketRoutes(tickets),
    ...people.routes,
    ...auditRoutes({ tenants }),
    ...privacyRoutes(useCases.privacy),
  ]
  const routes = [...described, ...openApiRoutes(described, packageVersion())]
  const answered: readonly Route[] = roles.api ? routes : health
  const documents = Router().use(docsPage(routes, packageVersion()))
  if (logoFile !== null) documents.get(logoPath, brandLogo(logoFile))
  const server = releases.use(
    createHttpServer({
      log,
      publicUrl,
      frontendOrigins: config.frontendOrigins,
      idempotency: createIdempotency({ tenants, vault, secrets, log: log.child('http') }),
      noteRefusal: createNoteRefusal({ tenants, log: log.child('http') }),
      routes: answered,
      pages: roles.api ? Router().use(figures, documents, pages) : figures,
      onUpgrade: roles.api ? live.onUpgrade : (_request, socket) => socket.destroy(),
      identify,
      door: apiDoor({
        identify,
        addressOf,
        limit,
        ofMembers: createRateLimit(config.api.perMember),
        ofAddresses: createRateLimit(config.api.perAddress),
      }),
    }),
  )
  const wsPort = config.wsPort === null ? null : releases.use(createWebSocketPort(live.onOwnPort))
  // goes first: the server's own close waits for the sockets it handed over
  releases.use(live)

  return {
    identity,
    routes: answered,
    /** @returns the port of the HTTP server */
    async open(): Promise<number> {
      const port = await server.listen(config.port, config.host)
      if (config.wsPort !== null) await wsPort?.listen(config.wsPort, config.host)
      return port
    },
  }
}
