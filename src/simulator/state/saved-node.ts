import { bytesOf, type Node } from '../wire/node-codec.js'

/** A node as JSON: bytes become base64. */
export type SavedNode = {
  tag: string
  attrs: Record<string, string>
  text?: string
  bytes?: string
  children?: SavedNode[]
}

export function saveNode(value: Node): SavedNode {
  const { tag, attrs, content } = value
  if (content === undefined) return { tag, attrs }
  if (typeof content === 'string') return { tag, attrs, text: content }
  if (Array.isArray(content)) return { tag, attrs, children: content.map(saveNode) }
  return { tag, attrs, bytes: bytesOf(value)?.toString('base64') ?? '' }
}

export function readNode(saved: SavedNode): Node {
  const { tag, attrs, text, bytes, children } = saved
  if (text !== undefined) return { tag, attrs, content: text }
  if (bytes !== undefined) return { tag, attrs, content: Buffer.from(bytes, 'base64') }
  return children === undefined ? { tag, attrs } : { tag, attrs, content: children.map(readNode) }
}
