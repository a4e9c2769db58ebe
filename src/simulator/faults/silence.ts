import type { Line, Manner } from '../accounts/person.js'
import { connectionOf, type Fault } from './fault.js'
import { happen } from './target.js'

function behaviour(manner: Manner): Fault {
  return (deps, params) => {
    if (params['off'] === true) connectionOf(deps, params).behave('normal')
    else happen(deps, params, (line: Line) => line.behave(manner))
  }
}

/** Keeps the line, takes everything and answers nothing, keepalives neither. Params: phone and device, or at; always; off. */
export const silence: Fault = behaviour('silent')

/**
 * Answers keepalives and whatever is asked, and delivers no message, receipt or notification. With `off` the device gets what it
 * missed. Params: phone and device, or at; always; off.
 */
export const deaf: Fault = behaviour('deaf')

/**
 * Stops reading and writing on the TCP level, and says no goodbye: what the device sends piles up, what it is owed never comes.
 * Params: phone and device, or at; always.
 */
export const halfOpen: Fault = (deps, params) => happen(deps, params, line => line.freeze())

/** Sends the first half of a websocket frame, and nothing after it, not even a goodbye. Params: phone and device, or at; always. */
export const partialFrame: Fault = (deps, params) =>
  happen(deps, params, line => line.freeze('in the middle of a frame'))
