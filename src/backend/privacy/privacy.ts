import type { Contact, Erasure } from '../../contract/privacy.js'
import type { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Tenants, TenantScope } from '../database/tenant-transaction.js'
import { GatewayError } from '../errors.js'
import type { Once } from '../http/idempotency.js'
import type { Vault } from '../vault/vault.js'
import { beginErasure } from './begin-erasure.js'
import { knownNames, namesOf } from './contact.js'
import { listErasures } from './erasures-store.js'
import { exportLines } from './export-lines.js'

/** What a workspace does with the data of people at their wish. Members with the right roles only; that is the caller's to see to. */
export interface Privacy {
  /** Begins to erase a contact. The rest is done by a job, on whichever node. */
  eraseContact(scope: TenantScope, contact: Contact, once: Once | null): Promise<Erasure>
  /** Begins to erase the workspace of the scope, for good. @throws GatewayError `forbidden` for the operator's own */
  eraseWorkspace(scope: TenantScope, once: Once | null): Promise<Erasure>
  list(scope: TenantScope): Promise<Erasure[]>
  /** @throws GatewayError `not_found` */
  view(scope: TenantScope, erasureId: string): Promise<Erasure>
  /**
   * What the scope sees: private sessions of others are not in it.
   * @returns lines of JSON, see `exportLines`; that it was asked for is in the audit log before the first one
   */
  export(scope: TenantScope, contact: Contact | null): Promise<AsyncIterable<string>>
}

export type PrivacyDeps = { tenants: Tenants; vault: Vault; operatorWorkspace: () => WorkspaceId }

export function createPrivacy({ tenants, vault, operatorWorkspace }: PrivacyDeps): Privacy {
  const view = async (scope: TenantScope, erasureId: string): Promise<Erasure> => {
    const [erasure] = await tenants.read({ workspaceId: scope.workspaceId }, tx => listErasures(tx, erasureId))
    if (erasure === undefined) throw unknownErasure()
    return erasure
  }

  const begin = async (scope: TenantScope, contact: Contact | null, once: Once | null): Promise<Erasure> => {
    const { workspaceId } = scope
    return tenants.transact({ workspaceId }, async tx => {
      const erasureId = await beginErasure(tx, vault, contact === null ? null : namesOf(contact))
      await audit(tx, { action: 'privacy.erase_asked', target: erasureId }, scope)
      const [erasure] = await listErasures(tx, erasureId)
      if (erasure === undefined) throw unknownErasure()
      await once?.remember(tx, erasure)
      return erasure
    })
  }

  return {
    eraseContact: begin,
    async eraseWorkspace(scope, once) {
      if (scope.workspaceId === operatorWorkspace()) throw operatorsOwn()
      return begin(scope, null, once)
    },
    list: ({ workspaceId }) => tenants.read({ workspaceId }, tx => listErasures(tx)),
    view,
    async export(scope, contact) {
      const names = await tenants.transact(scope, async tx => {
        await audit(tx, { action: 'privacy.exported' })
        return contact === null ? null : knownNames(tx, vault, namesOf(contact))
      })
      return exportLines(tenants, scope, names)
    },
  }
}

function unknownErasure(): GatewayError {
  return new GatewayError({
    code: 'not_found',
    status: 404,
    message: 'There is no such erasure in this workspace.',
    action: 'List them with GET /api/v1/privacy/erasures.',
  })
}

function operatorsOwn(): GatewayError {
  return new GatewayError({
    code: 'forbidden',
    status: 403,
    message: 'The operator’s own workspace ends with the installation and is not erased while it runs.',
    action: 'Stop the gateway and delete its database.',
  })
}
