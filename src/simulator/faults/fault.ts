import type { Accounts } from '../accounts/accounts.js'
import type { Companion, Line } from '../accounts/person.js'
import { SimulatorError } from '../errors.js'

export type FaultParams = Record<string, string | number | boolean>

export type FaultDeps = {
  accounts: Accounts
  /** HTTP status that answers the next upgrades; undefined for none. */
  refuseUpgrades(status: number | undefined): void
  /** Refuses this companion's next message with an ack that carries `code`. */
  refuseMessage(companion: Companion, code: number): void
}

/** One thing that can go wrong, by name; what it does is ordinary protocol traffic, or the lack of it. */
export type Fault = (deps: FaultDeps, params: FaultParams) => void

export function numberParam(params: FaultParams, name: string): number {
  const value = params[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new SimulatorError('bad_request', `the fault needs a number called ${name}`)
}

/** The companion that `phone` and `device` name. */
export function companionOf(deps: FaultDeps, params: FaultParams): Companion {
  const phone = String(params['phone'] ?? '')
  const device = numberParam(params, 'device')
  const companion = deps.accounts.get(phone)?.companions.get(device)
  if (!companion) throw new SimulatorError('unknown_device', `${phone} has no device ${device}`)
  return companion
}

/** The companion's connection, which must exist. */
export function connectionOf(deps: FaultDeps, params: FaultParams): Line {
  const companion = companionOf(deps, params)
  const { line } = companion
  if (!line) throw new SimulatorError('device_offline', 'the device has no connection')
  return line
}
