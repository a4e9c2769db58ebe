/** A local WhatsApp for tests, demos and benchmarks; see README.md. */
export { startSimulator, Simulator, type DeviceFaults, type SimulatorOptions } from './simulator.js'
export { connectSimulator } from './control/remote-simulator.js'
export { createRootKey } from './wire/certificates.js'
export {
  PairingCodeError,
  ScanError,
  SimulatorError,
  type PairingCodeErrorCode,
  type ScanErrorCode,
  type SimulatorErrorCode,
} from './errors.js'
export type { KeyPrint, LedgerEvent, LedgerLine, LedgerStamp } from './ledger-lines.js'
export type {
  CodeRequest,
  ConnectionSpan,
  Direction,
  Ending,
  FrontEndEnding,
  Hold,
  LedgerEntry,
  LinkedDevice,
  MessageMatch,
  Phone,
  PhoneInfo,
  PhoneMessage,
  Problem,
  RootKey,
  SimulatorControl,
  StanzaMatch,
} from './control-surface.js'
