import { randomBytes } from 'node:crypto'
import type { Fault } from './fault.js'
import { happen } from './target.js'

/** Sends a frame nobody can decrypt. Params: phone and device, or at; always. */
export const garbageFrame: Fault = (deps, params) => happen(deps, params, line => line.sendRaw(randomBytes(64)))
