import type { CloseCause, CloseKind } from '../engine.js'

const longestWaitMs = 24 * 60 * 60 * 1_000

/** An HTTP answer in place of the websocket upgrade. A proxy or a captive portal may have spoken, so it says nothing about any account. */
export function upgradeRefusal(status: number | null, retryAfter: string | undefined): CloseCause {
  const wait = retryAfterMs(retryAfter)
  return { plane: 'http', kind: kindOf(status ?? 0), status, ...(wait !== null && { retryAfterMs: wait }) }
}

function kindOf(status: number): CloseKind {
  if (status === 429) return 'rate_limited'
  return status >= 500 ? 'server_error' : 'unreachable'
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | undefined): number | null {
  if (value === undefined || value === '') return null
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), longestWaitMs)
}
