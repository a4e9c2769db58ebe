import { z } from 'zod'
import { ApiKeyId, ApiKeyList, CreateApiKeyRequest, ListApiKeysQuery, NewApiKey } from '../../contract/api-keys.js'
import type { Access } from '../http/access.js'
import { member } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import type { ApiKeys } from './api-keys.js'
import { unknownKey } from './errors.js'

/** People and the operator's own services: a key can make no other key, so that one that leaks ends with itself. */
const access: Access = { scope: 'read', kinds: ['user', 'service'] }

const params = z.object({ keyId: z.string() })

function keyIdOf({ keyId }: { keyId: string }): ApiKeyId {
  const parsed = ApiKeyId.safeParse(keyId)
  if (!parsed.success) throw unknownKey()
  return parsed.data
}

export function apiKeyRoutes(keys: ApiKeys): Route[] {
  const base = '/api/v1/api-keys'
  return [
    route({
      method: 'get',
      path: base,
      summary: 'API keys of your own, or for owners and admins of everybody in the workspace, page by page',
      access,
      query: ListApiKeysQuery,
      answer: ApiKeyList,
      handle: ({ actor, query }) => keys.list(member(actor), query),
    }),
    route({
      method: 'post',
      path: base,
      summary: 'Make an API key; this answer alone has it',
      access,
      audited: 'key.created',
      body: CreateApiKeyRequest,
      answer: NewApiKey,
      handle: ({ actor, body, once }) => keys.create(member(actor), body, once),
    }),
    route({
      method: 'post',
      path: `${base}/:keyId/rotate`,
      summary:
        'Make an API key that takes the place of one of yours, which lives 24 hours beside it; what that one had replaced ends',
      access,
      audited: 'key.rotated',
      params,
      body: z.strictObject({}),
      answer: NewApiKey,
      handle: ({ actor, params: given, once }) => keys.rotate(member(actor), keyIdOf(given), once),
    }),
    route({
      method: 'delete',
      path: `${base}/:keyId`,
      summary: 'Revoke an API key at once: one of yours, or for owners and admins anybody’s',
      access,
      audited: 'key.revoked',
      params,
      handle: ({ actor, params: given }) => keys.revoke(member(actor), keyIdOf(given)),
    }),
  ]
}
