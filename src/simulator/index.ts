/** A local WhatsApp for tests, demos and benchmarks; see README.md. */
export { startSimulator, Simulator, type SimulatorOptions } from './simulator.js'
export type { DeviceFaults } from './faults/device-faults.js'
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
export { CHAOS_KINDS } from './control-surface.js'
export type {
  Chaos,
  ChaosAct,
  ChaosKind,
  ChaosOptions,
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
  SeededDevice,
  SeededDevices,
  SeedOptions,
  SimulatorControl,
  StanzaMatch,
  StoredKeys,
} from './control-surface.js'
