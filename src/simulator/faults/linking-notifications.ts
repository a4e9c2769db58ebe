import { randomBytes } from 'node:crypto'
import type { Line } from '../accounts/person.js'
import { SERVER } from '../accounts/jid.js'
import { SimulatorError } from '../errors.js'
import { now } from '../stanzas/clock.js'
import { node, type Node } from '../wire/node-codec.js'
import type { Fault } from './fault.js'
import { happen, planAt } from './target.js'

const SPELLINGS = ['companion_reg_refresh', 'pair-device-rotate-qr']

function notify(line: Line, type: string, content: Node[]): void {
  const id = randomBytes(8).toString('hex')
  line.send(node('notification', { type, from: SERVER, id, t: now() }, content))
}

/**
 * Retires the secret a device shows in its QR codes: the phone that scans is refused, the device told to make a new secret, and that
 * phone's next scan must show one it has not seen. With `at: 'registering'` every waiting device is told, and nobody scanned.
 * Params: spelling (of the notification's child), phone, always, at.
 */
export const rotateRegistration: Fault = (deps, params) => {
  const spelling = String(params['spelling'] ?? SPELLINGS[0])
  if (!SPELLINGS.includes(spelling)) throw new SimulatorError('bad_request', `no such spelling as ${spelling}`)
  const incident = (line: Line): void => notify(line, 'companion_reg_refresh', [node(spelling)])
  if (params['at'] === 'registering') happen(deps, params, incident)
  else planAt(deps, params, 'look', incident)
}

/**
 * After a phone said yes the device is asked for a passkey, which only WhatsApp's own web page could give; nothing more happens.
 * Params: phone, always; `options: false` leaves the request options out.
 */
export const passkeyRequest: Fault = (deps, params) => {
  planAt(deps, params, 'scan', line => {
    const wanted = {
      challenge: randomBytes(32).toString('base64url'),
      rpId: 'web.whatsapp.com',
      userVerification: 'required',
      timeout: 60_000,
    }
    const options = node('passkey_request_options', {}, Buffer.from(JSON.stringify(wanted)))
    notify(line, 'passkey_prologue_request', params['options'] === false ? [] : [options])
  })
}
