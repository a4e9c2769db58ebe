/** Bytes as Baileys writes them into JSON: `{"type":"Buffer","data":"<base64>"}`. */
function writeBytes(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { type: 'Buffer', data: Buffer.from(value).toString('base64') }
  // JSON.stringify calls Buffer.toJSON before this function sees the value.
  if (isRecord(value) && value['type'] === 'Buffer' && Array.isArray(value['data'])) {
    return { type: 'Buffer', data: Buffer.from(value['data']).toString('base64') }
  }
  return value
}

function readBytes(_key: string, value: unknown): unknown {
  if (isRecord(value) && value['type'] === 'Buffer' && typeof value['data'] === 'string')
    return Buffer.from(value['data'], 'base64')
  return value
}

/** JSON with bytes in it, readable by Baileys' `BufferJSON.reviver`. */
export function bytesToJson(value: unknown): string {
  return JSON.stringify(value, writeBytes)
}

/** The value `bytesToJson` wrote. @throws SyntaxError with part of the text in its message: never let it out. */
export function jsonToBytes(text: string): unknown {
  return JSON.parse(text, readBytes)
}

export function isRecord(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
