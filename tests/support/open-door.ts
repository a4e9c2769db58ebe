import { randomUUID } from 'node:crypto'
import { UserId, WorkspaceId } from '../../src/contract/ids.js'
import { apiDoor } from '../../src/backend/http/api-door.js'
import { createIdentify } from '../../src/backend/http/identify.js'
import { createRequestLimit } from '../../src/backend/http/request-limit.js'
import type { HttpServerDeps } from '../../src/backend/http/server.js'

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
  })
  return {
    identify,
    door: apiDoor({ identify, addressOf, limit: createRequestLimit({ most: 1_000_000, withinMs: 60_000 }) }),
  }
}
