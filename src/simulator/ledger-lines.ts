import type { Ending, LedgerEntry } from './control-surface.js'

/** Raised when a reader of older files would misunderstand a line. */
export const LEDGER_VERSION = 1

type OfDevice = { account: string; device: number }
/** Key id, and 16 hexadecimal digits of the SHA-256 of its public half. */
export type KeyPrint = [id: number, hash: string]

/** What the ledger file holds besides stanzas; README.md, "Ledger file", says what each means. */
export type LedgerEvent =
  | { kind: 'started'; version: number; urls: string[]; seed: string }
  | { kind: 'stopped' }
  | { kind: 'connected'; connection: number; frontEnd: number; via?: string }
  | { kind: 'registering'; connection: number }
  | ({ kind: 'linked'; connection: number; signed: KeyPrint } & OfDevice)
  | ({ kind: 'unlinked' } & OfDevice)
  | ({ kind: 'logged-in'; connection: number } & OfDevice)
  | ({ kind: 'live'; connection: number } & OfDevice)
  | ({ kind: 'replaced'; connection: number; by: number; heardMsAgo: number } & OfDevice)
  | ({ kind: 'dismissed'; connection: number } & Partial<OfDevice> & Ending)
  | ({ kind: 'closed'; connection: number; openMs: number } & Partial<OfDevice> & Ending)
  | ({ kind: 'settled'; tag: string; id: string; by: 'receipt' | 'ack'; type?: string; error?: string } & OfDevice)
  | ({ kind: 'pre-keys'; connection: number; keys: KeyPrint[]; signed?: KeyPrint; refused?: string } & OfDevice)
  | ({
      kind: 'message-key'
      id: string
      toAccount: string
      toDevice: number
      chain: string
      counter: number
      digest: string
    } & OfDevice)
  | { kind: 'front-end'; frontEnd: number; open: boolean }
  | { kind: 'fault'; name: string; params: Record<string, string | number | boolean> }
  | ({ kind: 'problem'; problem: 'unhandled' | 'violation'; detail: string } & Partial<OfDevice>)

/** When a line was written: `at` in milliseconds since the epoch, `mono` in milliseconds of this machine's monotonic clock. */
export type LedgerStamp = { at: number; mono: number }

/** One line of the ledger file. */
export type LedgerLine = LedgerStamp & (LedgerEvent | ({ kind: 'stanza'; late?: true } & LedgerEntry))

/** Milliseconds, with microseconds behind the point, of the clock every process of this machine shares and nobody can set. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}
