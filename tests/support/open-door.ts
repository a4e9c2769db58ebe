import { randomUUID } from 'node:crypto'
import { UserId, WorkspaceId } from '../../src/contract/ids.js'
import { apiDoor } from '../../src/backend/http/api-door.js'
import { createIdentify } from '../../src/backend/http/identify.js'
import { createRateLimit } from '../../src/backend/http/rate-limit.js'
import { createRequestLimit } from '../../src/backend/http/request-limit.js'
import type { HttpServerDeps } from '../../src/backend/http/server.js'

const enough = { most: 1_000_000, withinMs: 60_000 }

/** For a server of its own in a test: everybody comes from one address, and has as many requests as they like. */
export function openDoor(serviceToken: string | null = null): Pick<HttpServerDeps, 'identify' | 'door'> {
  const addressOf = () => '192.0.2.1'
  const operator = { workspaceId: WorkspaceId.parse(randomUUID()), userId: UserId.parse(randomUUID()) }
  const identify = createIdentify({
    serviceToken,
    cookies: { secure: false },
    addressOf,
    operator: () => operator,
    findMember: async () => null,
    verifyAccessToken: async () => null,
    verifyApiKey: async () => null,
    guesses: createRequestLimit(enough),
  })
  return {
    identify,
    door: apiDoor({
      identify,
      addressOf,
      limit: createRequestLimit(enough),
      ofMembers: createRateLimit({ perSecond: 1_000_000, burst: 1_000_000 }),
      ofAddresses: createRateLimit({ perSecond: 1_000_000, burst: 1_000_000 }),
    }),
  }
}
