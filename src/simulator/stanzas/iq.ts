import { SERVER } from '../accounts/jid.js'
import type { Companion } from '../accounts/person.js'
import { node, type Node } from '../wire/node-codec.js'
import type { Client } from './client.js'

/** A request a handler refuses; it becomes an error answer. */
export class IqRefusal extends Error {
  override readonly name = 'IqRefusal'
  constructor(
    readonly code: number,
    readonly text: string,
  ) {
    super(text)
  }
}

export type IqRequest = {
  companion: Companion
  client: Client
  iq: Node
  /** the request's first child, which says what is asked */
  child: Node | undefined
  /** Does something once the answer has been sent. */
  afterwards: (act: () => void) => void
}

/** Answers the contents of the result, nothing for an empty result, or `silence` for no answer at all. */
export type IqHandler = (request: IqRequest) => Node[] | 'silence' | undefined

/** Handlers by `type xmlns firstChild`; the child part is empty for a request without children. */
export type IqTable = Map<string, IqHandler>

export function iqKey(iq: Node): string {
  const first = Array.isArray(iq.content) ? (iq.content[0]?.tag ?? '') : ''
  return `${iq.attrs['type'] ?? ''} ${iq.attrs['xmlns'] ?? ''} ${first}`.trimEnd()
}

export function iqResult(iq: Node, content?: Node[]): Node {
  const attrs = { from: iq.attrs['to'] ?? SERVER, type: 'result', id: iq.attrs['id'] }
  return node('iq', attrs, content && content.length > 0 ? content : undefined)
}

export function iqError(iq: Node, { code, text }: IqRefusal): Node {
  const attrs = { from: iq.attrs['to'] ?? SERVER, type: 'error', id: iq.attrs['id'] }
  return node('iq', attrs, [node('error', { code, text })])
}
