/** How a field says how long it is, in the lowest three bits of its tag. */
const [anyNumber, eightBytes, saysItsLength, fourBytes] = [0, 1, 2, 5]

/** No length takes more bits. */
const mostBits = 28

/**
 * The fields of an encoded protobuf that say their own length (bytes, text, messages), by number, in their order; others are passed over. For
 * messages that Baileys' definitions lack.
 * @throws RangeError when it is cut short, or is none
 */
export function* lengthFields(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  let at = 0
  const next = () => {
    const byte = bytes[at++]
    if (byte === undefined) throw new RangeError('protobuf: cut short')
    return byte
  }
  const number = () => {
    let value = 0
    for (let bits = 0; bits <= mostBits; bits += 7) {
      const byte = next()
      value += (byte & 0x7f) * 2 ** bits
      if (byte < 0x80) return value
    }
    throw new RangeError('protobuf: no length')
  }
  while (at < bytes.length) {
    const tag = number()
    const kind = tag % 8
    if (kind === anyNumber) while (next() >= 0x80);
    else if (kind === eightBytes) at += 8
    else if (kind === fourBytes) at += 4
    else if (kind === saysItsLength) {
      const length = number()
      if (length > bytes.length - at) throw new RangeError('protobuf: cut short')
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)]
      at += length
    } else throw new RangeError('protobuf: unknown kind')
  }
  if (at > bytes.length) throw new RangeError('protobuf: cut short')
}
