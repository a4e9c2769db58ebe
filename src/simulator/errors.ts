const SCAN_CODES = [
  'qr_malformed',
  'qr_unreadable',
  'qr_expired',
  'qr_mismatch',
  'qr_bad_signature',
  'qr_rotated',
  'too_many_devices',
  'phone_offline',
] as const

const PAIRING_CODE_CODES = [
  'code_malformed',
  'code_wrong',
  'code_expired',
  'code_mismatch',
  'code_unanswered',
  'no_code_pending',
  'too_many_devices',
  'phone_offline',
] as const

const OTHER_CODES = [
  'wait_timeout',
  'unknown_recipient',
  'unknown_device',
  'unknown_fault',
  'device_offline',
  'unclean',
  'stopped',
  'bad_request',
  'failed',
] as const

export type ScanErrorCode = (typeof SCAN_CODES)[number]
export type PairingCodeErrorCode = (typeof PAIRING_CODE_CODES)[number]

/** Codes a test may switch on; they never change their meaning. */
export type SimulatorErrorCode = ScanErrorCode | PairingCodeErrorCode | (typeof OTHER_CODES)[number]

export class SimulatorError extends Error {
  override readonly name: string = 'SimulatorError'
  constructor(
    readonly code: SimulatorErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/** A phone refused to link what the QR shows, for the reason a person would see on the phone. */
export class ScanError extends SimulatorError {
  override readonly name = 'ScanError'
  constructor(
    override readonly code: ScanErrorCode,
    message: string,
  ) {
    super(code, message)
  }
}

/** A phone refused to link by the code typed into it, for the reason a person would see on the phone. */
export class PairingCodeError extends SimulatorError {
  override readonly name = 'PairingCodeError'
  constructor(
    override readonly code: PairingCodeErrorCode,
    message: string,
  ) {
    super(code, message)
  }
}

/** Rebuilds the error whose name, code and message crossed the control channel. */
export function simulatorError(name: unknown, code: unknown, message: string): SimulatorError {
  const scan = SCAN_CODES.find(known => known === code)
  if (scan !== undefined && name === 'ScanError') return new ScanError(scan, message)
  const typed = PAIRING_CODE_CODES.find(known => known === code)
  if (typed !== undefined && name === 'PairingCodeError') return new PairingCodeError(typed, message)
  return new SimulatorError(scan ?? typed ?? OTHER_CODES.find(known => known === code) ?? 'failed', message)
}
