import { SessionIdError } from './session-id-error.js'

/** Writes fields one after another, without names; `ByteReader` reads them back in the same order. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = []

  /** A whole number from 0 to 2^53-1, seven bits a byte, lowest first. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new SessionIdError('invalid_contents')
    const bytes: number[] = []
    let rest = value
    while (rest >= 128) {
      bytes.push((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
    this.#parts.push(Uint8Array.from(bytes))
  }

  flag(value: boolean): void {
    this.uint(value ? 1 : 0)
  }

  /** Bytes whose number both sides know. */
  fixed(value: Uint8Array, length: number): void {
    if (value.length !== length) throw new SessionIdError('invalid_contents')
    this.#parts.push(value)
  }

  bytes(value: Uint8Array): void {
    this.uint(value.length)
    this.#parts.push(value)
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, 'utf8'))
  }

  /** A string that is the base64 of some bytes, written as the bytes. */
  base64(value: string): void {
    const bytes = Buffer.from(value, 'base64')
    if (bytes.toString('base64') !== value) throw new SessionIdError('invalid_contents')
    this.bytes(bytes)
  }

  optional<T>(value: T | null | undefined, write: (value: T) => void): void {
    this.flag(value !== null && value !== undefined)
    if (value !== null && value !== undefined) write(value)
  }

  list<T>(values: readonly T[], write: (value: T) => void): void {
    this.uint(values.length)
    values.forEach(write)
  }

  result(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
