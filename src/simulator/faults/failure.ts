import { fail } from '../stanzas/stream-end.js'
import { companionOf, given, numberParam, type Fault, type FaultDeps, type FaultParams } from './fault.js'
import type { Moment } from '../incidents.js'
import { momentParam, planAt } from './target.js'

/** What a `<failure>` can carry besides its reason (whatsmeow, ConnectFailure). */
const DETAILS = ['code', 'expire', 'location', 'logout_message_header', 'logout_message_subtext']

function failAt(deps: FaultDeps, params: FaultParams, moment: Moment): void {
  const reason = numberParam(params, 'reason')
  const details = given(params, ...DETAILS)
  planAt(deps, params, moment, line => fail(line, reason, details))
}

/**
 * Answers logins with `<failure reason>`. Params: reason, code, expire, location, logout_message_header, logout_message_subtext;
 * phone, phone and device, or everyone; at, for a login that was let in before; always.
 */
export const failNextLogin: Fault = (deps, params) => {
  if (params['device'] !== undefined) companionOf(deps, params)
  failAt(deps, params, momentParam(params['at'] ?? 'login'))
}

/** Answers connections that come to be linked with `<failure reason>`. Params as for logins, without phone and device. */
export const failRegistration: Fault = (deps, params) => failAt(deps, params, 'registration')
