import { Env } from '../dist/backend/config/env.js'

const defaults = Env.parse({})

/** The gateway's own pace for connects, in the form that raw Baileys' process takes it; empty while it has none. */
export function connectLimits() {
  const { CONNECTS_PER_SECOND: rate, CONNECT_BURST: burst, CONNECTS_PER_SECOND_TOTAL: total } = defaults
  return rate === undefined ? {} : { rate: Math.min(rate, total ?? rate), burst }
}

/** Settings under which nobody waits for a turn: where the floor is. */
export const withoutLimits = {
  CONNECTS_PER_SECOND: '1000',
  CONNECT_BURST: '1000',
  CONNECTS_PER_SECOND_TOTAL: '1000',
}
