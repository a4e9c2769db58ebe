import { Env } from '../dist/backend/config/env.js'
import { mostConnectsUnderWay } from '../dist/backend/sessions/under-way.js'

const defaults = Env.parse({})

/**
 * Logins under way at once. The gateway always has this bound, so raw Baileys is given it too: a thousand at once, or more a second than
 * one event loop gets through, all run out of time together and begin again, and never come to an end.
 */
export const underWay = { mostUnderWay: mostConnectsUnderWay }

/** The gateway's own pace for connects, in the form that raw Baileys' process takes it. */
export function connectLimits() {
  const { CONNECTS_PER_SECOND: rate, CONNECT_BURST: burst, CONNECTS_PER_SECOND_TOTAL: total } = defaults
  return { rate: Math.min(rate, total), burst, ...underWay }
}

/** Settings under which nobody waits for a turn but for those under way: where the floor is. */
export const withoutLimits = {
  CONNECTS_PER_SECOND: '1000',
  CONNECT_BURST: '1000',
  CONNECTS_PER_SECOND_TOTAL: '1000',
}
