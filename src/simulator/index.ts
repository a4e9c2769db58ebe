/** A local WhatsApp for tests, demos and benchmarks; see README.md. */
export { startSimulator, Simulator } from './simulator.js'
export type { SimulatorOptions } from './simulator-options.js'
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
export { CHAOS_KINDS } from './chaos-control.js'
export type {
  CodeRequest,
  ConnectionSpan,
  Direction,
  Ending,
  FrontEndEnding,
  Hold,
  LedgerEntry,
  LinkedDevice,
  ManyOptions,
  MessageMatch,
  Phone,
  PhoneInfo,
  PhoneMessage,
  Problem,
  RestartOptions,
  RootKey,
  SendOptions,
  SimulatorControl,
  StanzaMatch,
} from './control-surface.js'
export type { Chaos, ChaosAct, ChaosKind, ChaosOptions } from './chaos-control.js'
export type { SeededDevice, SeededDevices, SeedOptions, StoredKeys } from './seeding/seeded-devices.js'
