const NOTHING = Buffer.alloc(0)
const LENGTH_BYTES = 3
const INTRO_BYTES = 4
const ROUTED_HEADER_BYTES = 7
/** A first key upload is about 35 KB; nothing a client sends comes near this. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** One frame as it travels: 3-byte big-endian length, body. */
export function encodeFrame(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + body.length)
  frame.writeUIntBE(body.length, 0, LENGTH_BYTES)
  frame.set(body, LENGTH_BYTES)
  return frame
}

/**
 * Cuts a client's byte stream into its intro and its frames, whatever the websocket messages' borders. The intro is
 * `WA` + version bytes, optionally behind `ED` 0 1, a 3-byte length and routing bytes; only the four `WA` bytes enter the Noise hash.
 */
export class FrameReader {
  intro: Buffer | undefined
  #rest: Buffer = NOTHING

  /** @throws Error when the stream is not WhatsApp's. */
  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (!this.intro && !this.#takeIntro()) return []
    const frames: Buffer[] = []
    while (this.#rest.length >= LENGTH_BYTES) {
      const size = this.#rest.readUIntBE(0, LENGTH_BYTES)
      if (size > MAX_FRAME_BYTES) throw new Error('frame too large')
      if (this.#rest.length < LENGTH_BYTES + size) break
      frames.push(this.#rest.subarray(LENGTH_BYTES, LENGTH_BYTES + size))
      this.#rest = this.#rest.subarray(LENGTH_BYTES + size)
    }
    // an empty view would keep the last message's memory for as long as the connection is idle
    if (this.#rest.length === 0) this.#rest = NOTHING
    return frames
  }

  #takeIntro(): boolean {
    let start = 0
    if (this.#rest.subarray(0, 2).toString('latin1') === 'ED') {
      if (this.#rest.length < ROUTED_HEADER_BYTES) return false
      start = ROUTED_HEADER_BYTES + this.#rest.readUIntBE(4, 3)
    }
    if (this.#rest.length < start + INTRO_BYTES) return false
    const intro = this.#rest.subarray(start, start + INTRO_BYTES)
    if (intro.subarray(0, 2).toString('latin1') !== 'WA') throw new Error('not a WhatsApp intro')
    this.intro = Buffer.from(intro)
    this.#rest = this.#rest.subarray(start + INTRO_BYTES)
    return true
  }
}
