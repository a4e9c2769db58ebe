/** Codes a test may switch on; they never change their meaning. */
export type SimulatorErrorCode =
  | 'wait_timeout'
  | 'phone_offline'
  | 'unknown_recipient'
  | 'unknown_device'
  | 'unknown_fault'
  | 'device_offline'
  | 'unclean'
  | 'stopped'
  | 'bad_request'

export type ScanErrorCode =
  'qr_malformed' | 'qr_unreadable' | 'qr_expired' | 'qr_mismatch' | 'qr_bad_signature' | 'phone_offline'

export class SimulatorError extends Error {
  override readonly name: string = 'SimulatorError'
  constructor(
    readonly code: SimulatorErrorCode | ScanErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/** A phone refused to link what the QR shows, for the reason a person would see on the phone. */
export class ScanError extends SimulatorError {
  override readonly name = 'ScanError'
  constructor(code: ScanErrorCode, message: string) {
    super(code, message)
  }
}

const SCAN_CODES = new Set<string>(['qr_malformed', 'qr_unreadable', 'qr_expired', 'qr_mismatch', 'qr_bad_signature'])

/** Rebuilds a typed error from its code, as it crossed the control channel. */
export function simulatorError(code: string, message: string, name?: string): SimulatorError {
  if (name === 'ScanError' || SCAN_CODES.has(code)) return new ScanError(code as ScanErrorCode, message)
  return new SimulatorError(code as SimulatorErrorCode, message)
}
