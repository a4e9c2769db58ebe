import { SimulatorError } from '../errors.js'
import { iqError, IqRefusal } from '../stanzas/iq.js'
import { numberParam, type Fault } from './fault.js'
import { planAt } from './target.js'

const TEXTS: Record<number, string> = { 400: 'bad-request', 429: 'rate-overlimit' }

/**
 * Refuses requests for a pairing code, or with `silent` leaves them without an answer; such a code is good for nothing.
 * Params: code (the error, 400 or 429) or silent; phone (the number asked for), always.
 */
export const codeAnswer: Fault = (deps, params) => {
  const silent = params['silent'] === true
  const code = silent ? 0 : numberParam(params, 'code')
  if (silent && params['code'] !== undefined) throw new SimulatorError('bad_request', 'either code or silent')
  planAt(deps, params, 'code', (line, request) => {
    if (!silent && request) line.send(iqError(request, new IqRefusal(code, TEXTS[code] ?? 'error')))
  })
}

/** Sets how long codes asked for from here on may be typed. Params: ms. */
export const codeLifetime: Fault = (deps, params) => deps.codeLifetime(numberParam(params, 'ms'))
