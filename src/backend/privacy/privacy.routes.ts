import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { Erasure, ErasureList, ErasureRequest, ExportRequest } from '../../contract/privacy.js'
import { GatewayError } from '../errors.js'
import { requireAccess } from '../http/access.js'
import { scopeOf } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import type { Privacy } from './privacy.js'

const managers = { scope: 'admin', role: 'admin' } as const
const owners = { scope: 'admin', role: 'owner' } as const

const erasures = '/api/v1/privacy/erasures'

/** For owners and admins; a whole workspace is for its owner alone. */
export function privacyRoutes(privacy: Privacy): Route[] {
  return [
    route({
      method: 'post',
      path: erasures,
      summary: 'Begin to erase everything that names a contact, or the whole workspace',
      access: managers,
      audited: 'privacy.erase_asked',
      body: ErasureRequest,
      answer: Erasure,
      async handle({ actor, body, once }) {
        const scope = scopeOf(actor)
        if ('contact' in body) return privacy.eraseContact(scope, body.contact, once)
        requireAccess(owners, actor)
        if (body.workspaceId.toLowerCase() !== scope.workspaceId) throw otherWorkspace()
        return privacy.eraseWorkspace(scope, once)
      },
    }),
    route({
      method: 'get',
      path: erasures,
      summary: 'Erasures of the workspace, newest first',
      access: managers,
      answer: ErasureList,
      handle: async ({ actor }) => ({ erasures: await privacy.list(scopeOf(actor)) }),
    }),
    route({
      method: 'get',
      path: `${erasures}/:erasureId`,
      summary: 'How far an erasure has come',
      access: managers,
      params: z.object({ erasureId: z.uuid() }),
      answer: Erasure,
      handle: ({ actor, params: { erasureId } }) => privacy.view(scopeOf(actor), erasureId),
    }),
    route({
      method: 'post',
      path: '/api/v1/privacy/export',
      summary: 'Everything that is stored of a contact, or in the workspace, as lines of JSON',
      access: managers,
      audited: 'privacy.exported',
      body: ExportRequest,
      streams: { example: '{"table":"inbound_journal","row":{"session_id":"0198c5b2-7d1e-4c3a-9f60-2b8e4d5a6c71"}}\n' },
      async handle({ actor, body: { contact }, response }) {
        const lines = await privacy.export(scopeOf(actor), contact ?? null)
        response.set({ 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' })
        await pipeline(lines, response)
      },
    }),
  ]
}

function otherWorkspace(): GatewayError {
  return new GatewayError({
    code: 'validation_failed',
    status: 400,
    message: 'The id is not that of the workspace this is asked in.',
    action: 'Repeat the id of the workspace that is to be erased.',
    fields: [{ path: 'workspaceId', message: 'must be the id of this workspace' }],
  })
}
