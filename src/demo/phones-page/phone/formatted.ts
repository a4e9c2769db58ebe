import { el } from '../../../linking-page/render/element.js'

/** WhatsApp's bold: a star on each side, with no space on the inner sides. */
const BOLD = /\*(?=\S)([^*\n]*[^*\s])\*/g

/** A message's text as WhatsApp shows it: `*words*` in bold. */
export function formatted(text: string): Node[] {
  const parts: Node[] = []
  let from = 0
  for (const found of text.matchAll(BOLD)) {
    parts.push(document.createTextNode(text.slice(from, found.index)), el('strong', {}, found[1] ?? ''))
    from = found.index + found[0].length
  }
  parts.push(document.createTextNode(text.slice(from)))
  return parts
}
