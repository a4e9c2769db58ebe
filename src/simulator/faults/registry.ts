import { SimulatorError } from '../errors.js'
import { drainPreKeys } from './drain-pre-keys.js'
import { drop } from './drop.js'
import { failNextLogin } from './fail-next-login.js'
import type { Fault, FaultDeps, FaultParams } from './fault.js'
import { forgeAccountSignature } from './forge-account-signature.js'
import { forgetSessions } from './forget-sessions.js'
import { garbageFrame } from './garbage-frame.js'
import { pausePings, resumePings } from './pause-pings.js'
import { refuseMessage } from './refuse-message.js'
import { streamError } from './stream-error.js'
import { upgradeStatus } from './upgrade-status.js'

/** Every fault there is, by the name tests and the control channel use. */
const FAULTS = new Map<string, Fault>([
  ['drain-pre-keys', drainPreKeys],
  ['drop', drop],
  ['fail-next-login', failNextLogin],
  ['forge-account-signature', forgeAccountSignature],
  ['forget-sessions', forgetSessions],
  ['garbage-frame', garbageFrame],
  ['pause-pings', pausePings],
  ['refuse-message', refuseMessage],
  ['resume-pings', resumePings],
  ['stream-error', streamError],
  ['upgrade-status', upgradeStatus],
])

/** @throws SimulatorError `unknown_fault`, `unknown_device`, `device_offline`, `bad_request` */
export function setOff(deps: FaultDeps, name: string, params: FaultParams): void {
  const fault = FAULTS.get(name)
  if (!fault) throw new SimulatorError('unknown_fault', `there is no fault called ${name}`)
  fault(deps, params)
}
