import { SimulatorError } from '../errors.js'
import { clearFaults } from './clear-faults.js'
import { codeAnswer, codeLifetime } from './code-answer.js'
import { deviceLimit } from './device-limit.js'
import { drainPreKeys } from './drain-pre-keys.js'
import { drop } from './drop.js'
import { failNextLogin, failRegistration } from './failure.js'
import type { Fault, FaultDeps, FaultParams } from './fault.js'
import { forgeAccountSignature } from './forge-account-signature.js'
import { forgetSessions } from './forget-sessions.js'
import { garbageFrame } from './garbage-frame.js'
import { passkeyRequest, rotateRegistration } from './linking-notifications.js'
import { pausePings, resumePings } from './pause-pings.js'
import { refuseMessage } from './refuse-message.js'
import { downgrade, streamEnd, streamError } from './stream-error.js'
import { upgradeReset, upgradeSilence, upgradeStatus } from './upgrade.js'
import { withholdPairSuccess, withholdRestart } from './withhold.js'

/** Every fault there is, by the name tests and the control channel use. */
const FAULTS = new Map<string, Fault>([
  ['clear-faults', clearFaults],
  ['code-answer', codeAnswer],
  ['code-lifetime', codeLifetime],
  ['device-limit', deviceLimit],
  ['downgrade', downgrade],
  ['drain-pre-keys', drainPreKeys],
  ['drop', drop],
  ['fail-next-login', failNextLogin],
  ['fail-registration', failRegistration],
  ['forge-account-signature', forgeAccountSignature],
  ['forget-sessions', forgetSessions],
  ['garbage-frame', garbageFrame],
  ['passkey-request', passkeyRequest],
  ['pause-pings', pausePings],
  ['refuse-message', refuseMessage],
  ['resume-pings', resumePings],
  ['rotate-registration', rotateRegistration],
  ['stream-end', streamEnd],
  ['stream-error', streamError],
  ['upgrade-reset', upgradeReset],
  ['upgrade-silence', upgradeSilence],
  ['upgrade-status', upgradeStatus],
  ['withhold-pair-success', withholdPairSuccess],
  ['withhold-restart', withholdRestart],
])

/** @throws SimulatorError `unknown_fault`, `unknown_device`, `device_offline`, `bad_request` */
export function setOff(deps: FaultDeps, name: string, params: FaultParams): void {
  const fault = FAULTS.get(name)
  if (!fault) throw new SimulatorError('unknown_fault', `there is no fault called ${name}`)
  fault(deps, params)
}
