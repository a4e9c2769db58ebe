import type { ClientVersion, ConnectSettings } from '../config/config.js'
import type { Database } from '../database/database.js'
import type { Log } from '../log.js'
import { createConnectBreakers } from './connect-breakers.js'
import { createConnectBudget } from './connect-budget.js'
import { createConnectPacer, type ConnectPacer } from './connect-pacer.js'
import type { OperatorAlarm } from './operator-alarm.js'
import { TokenBucket } from './token-bucket.js'
import { UnderWay } from './under-way.js'

export type MakeConnectPacerDeps = {
  database: Database
  settings: ConnectSettings
  /** What this node says it is. */
  version: ClientVersion
  alarm: Pick<OperatorAlarm, 'raise' | 'clear'>
  log: Log
  /** Connects that may be under way at once; default: any number. */
  mostUnderWay?: number
}

/** A pacer on this node's own bucket and what all nodes share in PostgreSQL. */
export function makeConnectPacer({
  database,
  settings,
  version,
  alarm,
  log,
  mostUnderWay = Infinity,
}: MakeConnectPacerDeps): ConnectPacer {
  const { perSecond, burst, perSecondTotal, egress } = settings
  const scopes = { egress, version: version.join('.') }
  return createConnectPacer({
    bucket: new TokenBucket(perSecond, burst),
    budget: createConnectBudget(database, scopes, perSecondTotal),
    breakers: createConnectBreakers(database, scopes),
    underWay: new UnderWay(mostUnderWay),
    alarm,
    log,
    // about a second's worth: what this node has paid for, no other can use
    batch: Math.ceil(Math.max(1, Math.min(perSecond, perSecondTotal))),
  })
}
