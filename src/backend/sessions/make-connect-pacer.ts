import type { ClientVersion, ConnectSettings } from '../config/config.js'
import type { Database } from '../database/database.js'
import { createConnectBreakers } from './connect-breakers.js'
import { createConnectBudget } from './connect-budget.js'
import { createConnectPacer, type ConnectPacer, type ConnectPacerDeps } from './connect-pacer.js'
import { TokenBucket } from './token-bucket.js'
import { UnderWay } from './under-way.js'

export type MakeConnectPacerDeps = Pick<ConnectPacerDeps, 'alarm' | 'log' | 'longestLookMs'> & {
  database: Database
  settings: ConnectSettings
  /** What this node says it is. */
  version: ClientVersion
  /** Connects that may be under way at once; default: any number. */
  mostUnderWay?: number
}

/** A pacer on this node's own bucket and what all nodes share in PostgreSQL. */
export function makeConnectPacer({
  database,
  settings,
  version,
  mostUnderWay = Infinity,
  ...more
}: MakeConnectPacerDeps): ConnectPacer {
  const { perSecond, burst, perSecondTotal, egress } = settings
  const scopes = { egress, version: version.join('.') }
  return createConnectPacer({
    bucket: new TokenBucket(perSecond, burst),
    budget: createConnectBudget(database, scopes, perSecondTotal),
    breakers: createConnectBreakers(database, scopes),
    underWay: new UnderWay(mostUnderWay),
    ...more,
    // about a second's worth: what this node has paid for, no other can use
    batch: Math.ceil(Math.max(1, Math.min(perSecond, perSecondTotal))),
  })
}
