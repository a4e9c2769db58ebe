import type { AuditDetail } from '../../contract/audit.js'
import type { Contact, Erasure } from '../../contract/privacy.js'
import type { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Tenants, TenantScope } from '../database/tenant-transaction.js'
import { GatewayError } from '../errors.js'
import type { Once } from '../http/idempotency.js'
import type { Vault } from '../vault/vault.js'
import { endSessionsOf, type EndSessionsDeps } from './account-sessions.js'
import { beginErasure } from './begin-erasure.js'
import { knownNames, namesOf } from './contact.js'
import { listErasures } from './erasures-store.js'
import { exportLines } from './export-lines.js'

/** What a workspace does with the data of people at their wish. Members with the right roles only; that is the caller's to see to. */
export interface Privacy {
  /**
   * Begins to erase a contact. The rest is done by a job, on whichever node. Where the contact has linked their own account here, the sessions of
   * it that are the caller's, or all where the operator asks, are deleted at once; others stay.
   */
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

export type PrivacyDeps = EndSessionsDeps & { tenants: Tenants; vault: Vault; operatorWorkspace: () => WorkspaceId }

export function createPrivacy(deps: PrivacyDeps): Privacy {
  const { tenants, vault, operatorWorkspace } = deps
  const view = async (scope: TenantScope, erasureId: string): Promise<Erasure> => {
    const [erasure] = await tenants.read({ workspaceId: scope.workspaceId }, tx => listErasures(tx, erasureId))
    if (erasure === undefined) throw unknownErasure()
    return erasure
  }

  const begin = async (scope: TenantScope, contact: Contact | null, once: Once | null): Promise<Erasure> => {
    const { workspaceId } = scope
    return tenants.transact({ workspaceId }, async tx => {
      const names = contact === null ? null : namesOf(contact)
      const erasureId = await beginErasure(tx, vault, names)
      await audit(tx, { action: 'privacy.erase_asked', target: erasureId, detail: about(contact) }, scope)
      if (names !== null) await endSessionsOf(deps, tx, await knownNames(tx, vault, names), scope)
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
      const { workspaceId } = scope
      const names = await tenants.transact({ workspaceId }, async tx => {
        await audit(tx, { action: 'privacy.exported', detail: about(contact) }, scope)
        // a LID may be known to a session alone that the scope does not see: what it sees of them is told all the same
        return contact === null ? null : knownNames(tx, vault, namesOf(contact))
      })
      return exportLines(deps, scope, names)
    },
  }
}

const about = (contact: Contact | null): AuditDetail => ({ code: contact === null ? 'workspace' : 'contact' })

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
