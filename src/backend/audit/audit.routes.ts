import { AuditPage, AuditQuery } from '../../contract/audit.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { scopeOf } from '../http/actor.js'
import { route, type Route } from '../http/route.js'
import { readAudit } from './read-audit.js'

export type AuditRoutesDeps = { tenants: Pick<Tenants, 'read'> }

/** For owners and admins: what was done in their workspace. */
export function auditRoutes({ tenants }: AuditRoutesDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/audit',
      summary: 'Who did what in the workspace, newest first',
      access: { scope: 'admin', role: 'admin' },
      query: AuditQuery,
      answer: AuditPage,
      handle: ({ actor, query }) => tenants.read(scopeOf(actor), tx => readAudit(tx, query)),
    }),
  ]
}
