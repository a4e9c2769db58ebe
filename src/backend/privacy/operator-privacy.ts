import { WorkspaceId } from '../../contract/ids.js'
import type { Contact, Erasure } from '../../contract/privacy.js'
import type { Config } from '../config/config.js'
import { createTenants, type TenantScope } from '../database/tenant-transaction.js'
import { createEventLog } from '../events/event-log.js'
import { openGatewayDatabase } from '../gateway-database.js'
import type { Log } from '../log.js'
import { createVault } from '../vault/vault.js'
import { createEraseJob, longHandled } from './erase-job.js'
import { createPrivacy } from './privacy.js'
import { createTombstones, tombstoneKey } from './tombstones.js'

/** Export and erasure for whoever runs the installation, in any workspace and past nobody's privacy settings but their own word. */
export interface OperatorPrivacy extends AsyncDisposable {
  /** @param workspaceId null: the operator's own. @returns lines of JSON */
  export(workspaceId: WorkspaceId | null, contact: Contact | null): Promise<AsyncIterable<string>>
  /** Done when it returns. Should it be cut short, a running gateway goes on. @returns null: it went with its workspace */
  erase(workspaceId: WorkspaceId | null, contact: Contact | null): Promise<Erasure | null>
}

/** Works on the database itself, beside a gateway that runs or without one. @throws as `openGatewayDatabase` */
export async function openOperatorPrivacy(config: Config, log: Log): Promise<OperatorPrivacy> {
  const opened = await openGatewayDatabase(config, log)
  const { database, sessionsDatabase } = opened
  const tenants = createTenants(sessionsDatabase)
  const secrets = { secret: config.sessionSecret, previous: config.previousSecret }
  const vault = createVault(secrets)
  const own = await database.system(({ db }) =>
    db.selectFrom('meta').select('value').where('key', '=', 'operator_workspace').executeTakeFirst(),
  )
  const operatorWorkspace = (): WorkspaceId => WorkspaceId.parse(own?.value)
  const events = createEventLog({ vault })
  const tombstones = createTombstones(await tombstoneKey(database, secrets))
  const privacy = createPrivacy({ tenants, vault, events, tombstones, operatorWorkspace })
  const job = createEraseJob({
    tenants,
    events,
    vault,
    tombstones,
    operatorWorkspace,
    log,
    handled: longHandled,
    database,
    dataDir: config.dataDir,
  })
  const scopeOf = (given: WorkspaceId | null): TenantScope => ({
    workspaceId: given ?? operatorWorkspace(),
    by: { kind: 'operator' },
  })
  return {
    export: (workspaceId, contact) => privacy.export(scopeOf(workspaceId), contact),
    async erase(given, contact) {
      const scope = scopeOf(given)
      const { id: erasureId } =
        contact === null ? await privacy.eraseWorkspace(scope, null) : await privacy.eraseContact(scope, contact, null)
      await job.run({ workspaceId: scope.workspaceId, erasureId }, { signal: new AbortController().signal })
      return contact === null ? null : privacy.view(scope, erasureId)
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}
