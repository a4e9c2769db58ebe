/** A value as Baileys' `BufferJSON` writes it: bytes become `{ "type": "Buffer", "data": base64 }`. */
export function storedJson(value: unknown): string {
  return JSON.stringify(value, (_name, held: unknown) => {
    if (held instanceof Uint8Array) return { type: 'Buffer', data: Buffer.from(held).toString('base64') }
    // a Buffer has turned itself into a list of numbers before it comes here
    if (isBufferJson(held)) return { type: 'Buffer', data: Buffer.from(held.data).toString('base64') }
    return held
  })
}

function isBufferJson(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  )
}
