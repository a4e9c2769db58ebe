import type { Config } from '../config/config.js'
import { createBaileysEngine } from '../engine/baileys/baileys-engine.js'
import { clientVersion } from '../engine/baileys/client-version.js'
import { createPreKeyPool } from '../engine/baileys/pre-keys/pre-key-pool.js'
import type { Log } from '../log.js'
import { meteredEngine } from '../metrics/metered-engine.js'
import type { Releases } from '../releases.js'
import { createLeaseWatch } from '../sessions/lease-watch.js'
import { makeConnectPacer } from '../sessions/make-connect-pacer.js'
import { createOperatorAlarm } from '../sessions/operator-alarm.js'
import { createSessions } from '../sessions/sessions.js'
import { mostConnectsUnderWay } from '../sessions/under-way.js'
import type { Foundation } from './foundation.js'

/** Batches of pre-keys kept ready once links are in demand: as many may start at once without waiting for one. */
const warmPreKeyBatches = 16

/** The engine, and the sessions that run on this node. */
export type SessionParts = ReturnType<typeof createSessionParts>

export function createSessionParts(config: Config, foundation: Foundation, log: Log, releases: Releases) {
  const { metrics, sessionsDatabase, sessionTenants, events, wakeups, lease, glances } = foundation
  const preKeys = releases.use(createPreKeyPool({ size: warmPreKeyBatches }))
  const version = clientVersion(config.whatsapp.version)
  const whatsapp = createBaileysEngine({
    url: config.whatsapp.url,
    version,
    preKeys,
    log,
    mayWrite: () => lease.mayWrite(),
  })
  const engine = meteredEngine(whatsapp, metrics.connections('session'))
  const alarm = createOperatorAlarm({ log: log.child('operator') })
  const connects = { database: sessionsDatabase, settings: config.connects, version, alarm, log: log.child('connects') }
  const pacer = releases.use(makeConnectPacer({ ...connects, mostUnderWay: mostConnectsUnderWay }))
  const sessions = releases.use(createSessions({ tenants: sessionTenants, engine, events, pacer, alarm, log }))
  /** For whatever looks after sessions in the background. */
  const looks = { database: sessionsDatabase, tenants: sessionTenants, events, log: log.child('sessions') }
  const leaseWatch = releases.use(createLeaseWatch({ ...looks, sessions, wakeups, glances, lease }))
  return { whatsapp, engine, alarm, pacer, sessions, looks, leaseWatch }
}
