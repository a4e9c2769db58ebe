import { SimulatorError } from '../errors.js'
import { drainPreKeys } from './drain-pre-keys.js'
import { drop } from './drop.js'
import { failNextLogin } from './fail-next-login.js'
import type { Fault, FaultDeps, FaultParams } from './fault.js'
import { garbageFrame } from './garbage-frame.js'
import { pausePings, resumePings } from './pause-pings.js'
import { refuseMessage } from './refuse-message.js'
import { streamError } from './stream-error.js'
import { upgradeStatus } from './upgrade-status.js'

/** Every fault there is, by the name tests and the control channel use. */
export const FAULTS = {
  'drain-pre-keys': drainPreKeys,
  drop,
  'fail-next-login': failNextLogin,
  'garbage-frame': garbageFrame,
  'pause-pings': pausePings,
  'refuse-message': refuseMessage,
  'resume-pings': resumePings,
  'stream-error': streamError,
  'upgrade-status': upgradeStatus,
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** @throws SimulatorError `unknown_fault`, `unknown_device`, `device_offline`, `bad_request` */
export function setOff(deps: FaultDeps, name: string, params: FaultParams): void {
  if (!Object.hasOwn(FAULTS, name)) throw new SimulatorError('unknown_fault', `there is no fault called ${name}`)
  FAULTS[name as FaultName](deps, params)
}
