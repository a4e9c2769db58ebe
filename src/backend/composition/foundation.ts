import type { Config } from '../config/config.js'
import { createTenants, type Tenants } from '../database/tenant-transaction.js'
import { createEventLog } from '../events/event-log.js'
import { createEventWakeups } from '../events/event-wakeups.js'
import { openGatewayDatabase } from '../gateway-database.js'
import { createGlances } from '../leases/glances.js'
import { createNodeLease, type NodeLease } from '../leases/node-lease.js'
import type { Log } from '../log.js'
import { createMetrics } from '../metrics/metrics.js'
import type { Releases } from '../releases.js'
import { checkCanary } from '../vault/canary.js'
import { createVault } from '../vault/vault.js'

/** What everything else stands on: the database with its two pools, the vault, the event log and the node's lease. */
export type Foundation = Awaited<ReturnType<typeof openFoundation>>

/** Opens the database, and refuses a wrong secret; nothing else talks to anybody. */
export async function openFoundation(config: Config, log: Log, releases: Releases) {
  const metrics = releases.use(createMetrics())
  const { database, sessionsDatabase, appUrl } = releases.use(await openGatewayDatabase(config, log))
  const url = () => appUrl
  const tenants: Tenants = createTenants(database, () => lease.doubt())
  const sessionTenants: Tenants = createTenants(sessionsDatabase, () => lease.doubt())
  const secrets = { secret: config.sessionSecret, previous: config.previousSecret }
  const vault = createVault(secrets)
  const events = createEventLog({ vault })
  const wakeups = releases.use(createEventWakeups({ url, log: log.child('events') }))
  const lease: NodeLease = releases.use(
    createNodeLease({ url, database, name: config.nodeName, kekIds: vault.kekIds, log: log.child('leases') }),
  )
  const { nodeId } = lease
  const glances = releases.use(createGlances({ database: sessionsDatabase, nodeId, log: log.child('leases') }))
  const databases = { database, sessionsDatabase, appUrl, tenants, sessionTenants }
  /** Whoever replaces the secret looks at the nodes' leases: asked once more when this node has one, nobody has overlooked it. */
  const confirmSecrets = async () => {
    const { kekId } = await checkCanary(database, secrets)
    if (kekId !== vault.kekIds[0]) log.warn('session_secret_not_in_use', { hint: 'npx whizlite keys rotate' })
  }
  return { metrics, ...databases, vault, confirmSecrets, events, wakeups, lease, glances }
}
