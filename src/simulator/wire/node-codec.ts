/** The one door to the binary node codec, which is Baileys' own: `node-codec.test.ts` pins its bytes. */
import { deflateSync, inflateSync } from 'node:zlib'
import * as constants from '@whiskeysockets/baileys/lib/WABinary/constants.js'
import { decodeDecompressedBinaryNode } from '@whiskeysockets/baileys/lib/WABinary/decode.js'
import { encodeBinaryNode } from '@whiskeysockets/baileys/lib/WABinary/encode.js'

/** A stanza or a part of one. Binary contents must be Buffers: a string is tokenised and arrives as a string. */
export type Node = { tag: string; attrs: Record<string, string>; content?: Node[] | string | Uint8Array }

const DEFLATED = 2

/** Builds a node; attributes that are undefined are left out, numbers become strings (the codec corrupts frames otherwise). */
export function node(
  tag: string,
  attrs: Record<string, string | number | undefined> = {},
  content?: Node['content'],
): Node {
  const strings: Record<string, string> = {}
  for (const [name, value] of Object.entries(attrs)) if (value !== undefined) strings[name] = String(value)
  return content === undefined ? { tag, attrs: strings } : { tag, attrs: strings, content }
}

/** Plaintext of one transport frame: a flag byte and the encoded node. */
export function encodeNode(value: Node): Buffer {
  return encodeBinaryNode(value)
}

/** The same, deflated behind its flag byte. */
export function encodeDeflated(value: Node): Buffer {
  return Buffer.concat([Buffer.from([DEFLATED]), deflateSync(encodeBinaryNode(value).subarray(1))])
}

/** @throws Error for bytes that are no node. */
export function decodeNode(frame: Buffer): Node {
  const flags = frame[0] ?? 0
  const body = flags & DEFLATED ? inflateSync(frame.subarray(1)) : frame.subarray(1)
  return decodeDecompressedBinaryNode(body, constants)
}

export function children(parent: Node | undefined, tag?: string): Node[] {
  if (!parent || !Array.isArray(parent.content)) return []
  return tag === undefined ? parent.content : parent.content.filter(candidate => candidate.tag === tag)
}

export function child(parent: Node | undefined, tag: string): Node | undefined {
  if (!parent || !Array.isArray(parent.content)) return undefined
  return parent.content.find(candidate => candidate.tag === tag)
}

/** Binary content as a Buffer over the same memory; undefined when the node carries none. */
export function bytesOf(value: Node | undefined): Buffer | undefined {
  const content = value?.content
  if (!(content instanceof Uint8Array)) return undefined
  return Buffer.isBuffer(content) ? content : Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

/** Text content, whether it was written as bytes or as a token. */
export function textOf(value: Node | undefined): string | undefined {
  return typeof value?.content === 'string' ? value.content : bytesOf(value)?.toString('utf8')
}

export function childBytes(parent: Node | undefined, tag: string): Buffer | undefined {
  return bytesOf(child(parent, tag))
}

/** Big-endian unsigned number in a child's bytes (registration ids, key ids). */
export function childUInt(parent: Node | undefined, tag: string): number | undefined {
  const bytes = childBytes(parent, tag)
  return bytes && bytes.length > 0 && bytes.length <= 6 ? bytes.readUIntBE(0, bytes.length) : undefined
}

/** `value` as `size` big-endian bytes. */
export function bigEndian(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}
