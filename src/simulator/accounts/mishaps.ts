import { bytesOf, children, type Node } from '../wire/node-codec.js'

/** What a test wants to go wrong for one device, until it has happened often enough or is cleared. */
export type Mishaps = {
  /** its keepalives are left unanswered */
  pingsPaused?: true
  /** its next message is refused by an ack with this code */
  refusal?: number
  /** the next key uploads are refused with `code`, or without one never answered */
  failingUploads?: { left: number; code: number | undefined }
  /** what the next questions for the number of one-time keys are told */
  falseCount?: { left: number; value: number }
  /** nothing behind this message (default: the first that waits) is delivered until it is acknowledged without an error */
  stuck?: { id: string | undefined }
  /** more messages come as fast as it takes them, and its offline queue never ends; called when it could take more */
  endless?: () => void
  /** the next messages for it are damaged for good */
  tampered?: number
  /** the next messages for it are delivered `times` times each */
  doubled?: { left: number; times: number }
  /** the next messages for it are kept until `count` came, and delivered in another order */
  shuffled?: { count: number; kept: Node[]; shuffle: (stanzas: Node[]) => Node[] }
}

/** A stanza as it gets into a device's queue: usually itself, once. */
export function mishandled(mishaps: Mishaps, stanza: Node): Node[] {
  if (stanza.tag !== 'message') return [stanza]
  const damaged = takeTampered(mishaps) ? damage(stanza) : stanza
  const copies = takeDoubled(mishaps, damaged)
  const { shuffled } = mishaps
  if (!shuffled) return copies
  shuffled.kept.push(...copies)
  if (shuffled.kept.length < shuffled.count) return []
  delete mishaps.shuffled
  return shuffled.shuffle(shuffled.kept)
}

function takeTampered(mishaps: Mishaps): boolean {
  if (!mishaps.tampered) return false
  mishaps.tampered--
  return true
}

function takeDoubled({ doubled }: Mishaps, stanza: Node): Node[] {
  if (!doubled || doubled.left === 0) return [stanza]
  doubled.left--
  return Array.from({ length: doubled.times }, () => stanza)
}

/** The same stanza with the last byte of every ciphertext turned over, so that its MAC is wrong. */
function damage(stanza: Node): Node {
  const content = children(stanza).map(part => {
    const body = part.tag === 'enc' ? bytesOf(part) : undefined
    if (!body) return part
    const bytes = Buffer.from(body)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff
    return { ...part, content: bytes }
  })
  return { ...stanza, content }
}
