import { SimulatorError, type SimulatorErrorCode } from '../../simulator/errors.js'

export type PhonesErrorCode =
  | SimulatorErrorCode
  | 'unknown_phone'
  | 'no_more_phones'
  | 'foreign_origin'
  | 'foreign_host'
  | 'not_found'
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'gateway_unreachable'
  | 'starting'
  | 'internal_error'

/** Why a request of the phones page was refused; the message is shown on the page. */
export class PhonesError extends Error {
  override readonly name = 'PhonesError'

  constructor(
    readonly code: PhonesErrorCode,
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** What a person would read on the phone. */
const SENTENCES: Partial<Record<SimulatorErrorCode, { status: number; text: string }>> = {
  qr_unreadable: { status: 422, text: 'There is no code in this picture.' },
  qr_malformed: { status: 422, text: 'This is not a code for linking a device.' },
  qr_expired: { status: 422, text: 'This code has run out. A new one appears on the linking page.' },
  qr_mismatch: { status: 422, text: 'This code does not belong to the device that shows it.' },
  qr_bad_signature: { status: 422, text: 'The device that shows this code could not prove its keys.' },
  qr_rotated: {
    status: 422,
    text: 'Couldn’t link the device. The linking page shows a newer code by now: scan that one.',
  },
  too_many_devices: { status: 409, text: 'This account has as many linked devices as it may have. Log one out first.' },
  code_malformed: { status: 422, text: 'A code has eight letters and digits.' },
  code_wrong: { status: 422, text: 'Couldn’t link the device. Check the code and type it again.' },
  code_expired: { status: 422, text: 'This code has run out. Ask for a new one on the linking page.' },
  code_mismatch: { status: 422, text: 'This code does not belong to the device that shows it.' },
  code_unanswered: {
    status: 422,
    text: 'Couldn’t link the device: it does not answer. Start again on the linking page.',
  },
  no_code_pending: {
    status: 422,
    text: 'Nobody asked for a code for this number. Enter the number on the linking page.',
  },
  phone_offline: { status: 409, text: 'This phone is offline. Connect it first.' },
  unknown_recipient: { status: 404, text: 'Nobody has this number.' },
  unknown_device: { status: 404, text: 'This device is not linked any more.' },
  stopped: { status: 503, text: 'The simulated WhatsApp does not answer.' },
}

/** The one error that a page may see; an unknown one says nothing about itself. */
export function asPhonesError(error: unknown): PhonesError {
  if (error instanceof PhonesError) return error
  if (error instanceof SimulatorError) {
    const known = SENTENCES[error.code]
    if (known !== undefined) return new PhonesError(error.code, known.status, known.text)
  }
  return new PhonesError('internal_error', 500, 'That did not work.')
}
