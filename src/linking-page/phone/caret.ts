/** Characters that a person typed on purpose; spaces, brackets and hyphens come and go with the format. */
const SIGNIFICANT = /[\p{Nd}+＋]/u

export function significantBefore(text: string, caret: number): number {
  return [...text.slice(0, caret)].filter(character => SIGNIFICANT.test(character)).length
}

/** Where the caret stands after as many significant characters as before; the format around them may be another. */
export function caretAfter(text: string, significant: number): number {
  let left = significant
  if (left === 0) return 0
  for (let i = 0; i < text.length; i += 1) {
    if (SIGNIFICANT.test(text.charAt(i))) left -= 1
    if (left === 0) return i + 1
  }
  return text.length
}
