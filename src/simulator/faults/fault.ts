import type { Accounts } from '../accounts/accounts.js'
import type { Companion, Line } from '../accounts/person.js'
import type { Chance } from '../chance.js'
import { SimulatorError } from '../errors.js'
import type { Incidents } from '../incidents.js'
import type { MediaServer } from '../media/media-server.js'
import { PhoneDevice } from '../phone/phone-device.js'
import type { Rejections } from '../rejections.js'
import type { UpgradeAnswer } from '../wire/upgrade-answer.js'

export type FaultParams = Record<string, string | number | boolean>

export type FaultDeps = {
  accounts: Accounts
  /** mishaps that wait for their moment */
  incidents: Incidents
  /** stanzas that are taken for illegal */
  rejections: Rejections
  /** the source of everything random */
  chance: Chance
  /** where blobs are served */
  media: MediaServer
  /** connections that wait to be linked */
  registering(): Line[]
  /** What answers the next upgrades instead of a websocket; undefined lets them through. */
  answerUpgrades(answer: UpgradeAnswer | undefined): void
  /** How many companions an account may have, everyone or one number. */
  limitDevices(max: number, phoneNumber?: string): void
  /** How long pairing codes asked for from here on may be typed. */
  codeLifetime(ms: number): void
}

/** One thing that can go wrong, by name; what it does is ordinary protocol traffic, or the lack of it. */
export type Fault = (deps: FaultDeps, params: FaultParams) => void

export function numberParam(params: FaultParams, name: string, otherwise?: number): number {
  const value = params[name] ?? otherwise
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new SimulatorError('bad_request', `the fault needs a number called ${name}`)
}

/** A whole number from 1 up. */
export function countParam(params: FaultParams, name: string, otherwise = 1): number {
  const value = params[name] ?? otherwise
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  throw new SimulatorError('bad_request', `${name} must be a whole number from 1 up`)
}

/** The same, where it was given. */
export function optionalCountParam(params: FaultParams, name: string): number | undefined {
  return params[name] === undefined ? undefined : countParam(params, name)
}

/** Those of the named parameters that were given. */
export function given(params: FaultParams, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap(name => (params[name] === undefined ? [] : [[name, String(params[name])]])))
}

/** Whose connections a fault is for: those of `phone`, of its `device`, or everybody's. */
export function whoParam(params: FaultParams): { phone: string | undefined; device: number | undefined } {
  const { phone, device } = params
  return {
    phone: phone === undefined ? undefined : String(phone),
    device: device === undefined ? undefined : numberParam(params, 'device'),
  }
}

/** The simulated phone that `phone` names. */
export function phoneOf(deps: FaultDeps, params: FaultParams): PhoneDevice {
  const phone = deps.accounts.get(String(params['phone'] ?? ''))?.phone
  if (!(phone instanceof PhoneDevice)) throw new SimulatorError('bad_request', 'the fault needs a phone')
  return phone
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
