import { SimulatorError } from '../errors.js'
import { MOMENTS, type Incident, type Moment } from '../incidents.js'
import { connectionOf, whoParam, type FaultDeps, type FaultParams } from './fault.js'

/**
 * Lets an incident happen where the parameters say. With `phone` and `device`: on that device's connection, at once. With
 * `at: 'registering'`: on every connection that waits to be linked, at once. With `at` a moment: on the next connection that gets
 * there, only for `phone` (and `device`) if given and for clients whose version is `below`, once or, with `always`, until cleared.
 */
export function happen(deps: FaultDeps, params: FaultParams, incident: Incident): void {
  const { at } = params
  if (at === undefined) incident(connectionOf(deps, params))
  else if (at === 'registering') for (const line of deps.registering()) incident(line)
  else if (at === 'look') throw unknownMoment()
  else planAt(deps, params, momentParam(at), incident)
}

export function planAt(deps: FaultDeps, params: FaultParams, moment: Moment, incident: Incident): void {
  const { below } = params
  const who = whoParam(params)
  if (who.phone !== undefined && (moment === 'registration' || moment === 'qr')) {
    throw new SimulatorError('bad_request', `nobody knows whose a connection is at ${moment}`)
  }
  deps.incidents.plan({
    moment,
    ...who,
    below: below === undefined ? undefined : versionParam(String(below)),
    always: params['always'] === true,
    incident,
  })
}

function versionParam(text: string): number[] {
  const parts = text.split('.').map(Number)
  if (parts.some(part => !Number.isInteger(part))) throw new SimulatorError('bad_request', 'below is no version')
  return parts
}

/** @throws SimulatorError `bad_request` */
export function momentParam(value: unknown): Moment {
  const moment = MOMENTS.find(known => known === value)
  if (moment === undefined) throw unknownMoment()
  return moment
}

function unknownMoment(): SimulatorError {
  return new SimulatorError('bad_request', `at is none of ${MOMENTS.join(', ')}, registering`)
}
