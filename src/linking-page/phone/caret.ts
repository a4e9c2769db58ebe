/** Characters that a person typed on purpose; spaces, brackets and hyphens come and go with the format. */
const SIGNIFICANT = /[\p{Nd}+＋]/gu

export function significantBefore(text: string, caret: number): number {
  return text.slice(0, caret).match(SIGNIFICANT)?.length ?? 0
}

/** Where the caret stands after as many significant characters as before; the format around them may be another. */
export function caretAfter(text: string, significant: number): number {
  if (significant === 0) return 0
  const last = Array.from(text.matchAll(SIGNIFICANT))[significant - 1]
  return last === undefined ? text.length : last.index + last[0].length
}
