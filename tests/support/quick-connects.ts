import type { Database } from '../../src/backend/database/database.js'
import { createLog, type Log } from '../../src/backend/log.js'
import type { ConnectPacer } from '../../src/backend/sessions/connect-pacer.js'
import { makeConnectPacer } from '../../src/backend/sessions/make-connect-pacer.js'
import { createOperatorAlarm, type OperatorAlarm } from '../../src/backend/sessions/operator-alarm.js'

export type QuickConnects = { pacer: ConnectPacer; alarm: OperatorAlarm }

/** A pacer that lets many pass and soon knows what others have found out, for what is not about pacing, and an alarm of its own. */
export function quickConnects(database: Database, log: Log = createLog({ level: 'silent' })): QuickConnects {
  const alarm = createOperatorAlarm({ log })
  const settings = { perSecond: 1_000, burst: 1_000, perSecondTotal: 1_000, egress: 'test' }
  const pacer = makeConnectPacer({ database, settings, version: [2, 3000, 1], alarm, log, longestLookMs: 200 })
  return { pacer, alarm }
}
