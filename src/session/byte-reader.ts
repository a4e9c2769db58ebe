import { SessionIdError } from './session-id-error.js'

/** Reads what `ByteWriter` wrote. Anything that does not fit is `corrupt`; nothing is allocated on a length's word. */
export class ByteReader {
  readonly #source: Buffer
  #at = 0

  constructor(source: Buffer) {
    this.#source = source
  }

  uint(): number {
    let value = 0
    for (let factor = 1; factor < 2 ** 53; factor *= 128) {
      const byte = this.fixed(1).readUInt8(0)
      value += (byte % 128) * factor
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break
        return value
      }
    }
    throw new SessionIdError('corrupt')
  }

  flag(): boolean {
    const value = this.uint()
    if (value > 1) throw new SessionIdError('corrupt')
    return value === 1
  }

  fixed(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#source.length) throw new SessionIdError('corrupt')
    const copy = Buffer.from(this.#source.subarray(this.#at, end))
    this.#at = end
    return copy
  }

  bytes(): Buffer {
    return this.fixed(this.uint())
  }

  text(): string {
    return this.bytes().toString('utf8')
  }

  base64(): string {
    return this.bytes().toString('base64')
  }

  optional<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined
  }

  list<T>(read: () => T): T[] {
    const length = this.uint()
    if (length > this.#source.length - this.#at) throw new SessionIdError('corrupt')
    return Array.from({ length }, read)
  }

  end(): void {
    if (this.#at !== this.#source.length) throw new SessionIdError('corrupt')
  }
}
