import { fail } from '../stanzas/stream-end.js'
import { companionOf, given, numberParam, type Fault, type FaultDeps, type FaultParams } from './fault.js'
import { planAt } from './target.js'

/** What a `<failure>` can carry besides its reason (whatsmeow, ConnectFailure). */
const DETAILS = ['code', 'expire', 'location', 'logout_message_header', 'logout_message_subtext']

function failAt(deps: FaultDeps, params: FaultParams, moment: 'login' | 'registration'): void {
  const reason = numberParam(params, 'reason')
  const details = given(params, ...DETAILS)
  planAt(deps, params, moment, line => fail(line, reason, details))
}

/**
 * Answers logins with `<failure reason>`. Params: reason, code, expire, location, logout_message_header, logout_message_subtext;
 * phone, phone and device, or everyone; always.
 */
export const failNextLogin: Fault = (deps, params) => {
  if (params['device'] !== undefined) companionOf(deps, params)
  failAt(deps, params, 'login')
}

/** Answers connections that come to be linked with `<failure reason>`. Params as for logins, without phone and device. */
export const failRegistration: Fault = (deps, params) => failAt(deps, params, 'registration')
