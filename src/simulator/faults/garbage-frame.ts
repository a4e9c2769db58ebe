import { randomBytes } from 'node:crypto'
import { connectionOf, type Fault } from './fault.js'

/** Sends a frame nobody can decrypt. Params: phone, device. */
export const garbageFrame: Fault = (deps, params) => connectionOf(deps, params).sendRaw(randomBytes(64))
