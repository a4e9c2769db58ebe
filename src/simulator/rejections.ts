import type { Companion } from './accounts/person.js'
import { node, type Node } from './wire/node-codec.js'

export type Rejection = {
  phone: string | undefined
  device: number | undefined
  tag: string
  /** filled in by the first stanza that fits */
  id: string | undefined
  left: number
}

/** Stanzas WhatsApp takes for illegal, whenever they come. */
export class Rejections {
  #rejections: Rejection[] = []

  add(rejection: Rejection): void {
    this.#rejections.push(rejection)
  }

  clear(): void {
    this.#rejections = []
  }

  /** The farewell this stanza brings about, if it is one of them. */
  of({ person, deviceId }: Companion, { tag, attrs }: Node): Node | undefined {
    const { id } = attrs
    const found = this.#rejections.find(
      rejection =>
        rejection.left > 0 &&
        rejection.tag === tag &&
        (rejection.phone ?? person.phoneNumber) === person.phoneNumber &&
        (rejection.device ?? deviceId) === deviceId &&
        (rejection.id ?? id) === id,
    )
    if (!found || id === undefined) return undefined
    found.id = id
    found.left--
    return node('stream:error', {}, [node('ack', { id, class: tag })])
  }
}
