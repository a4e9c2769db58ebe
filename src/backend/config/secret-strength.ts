import { lettersFor } from './lookalikes.js'

/** Pairs of letters that every second pair of an English text is one of; of random letters, every eleventh. */
const commonPairs = new Set(
  (
    'th he in er an re nd on en at ou ed ha to or it is hi es ng st ar te se al ve nt le as me ' +
    'io de ro ri co ea ra ce li ch ll be ma si om ur ti ne of el ec us la ic di ss wh ke ey et'
  ).split(' '),
)

const keyboardPairs = new Set(['qwertyuiop', 'asdfghjkl', 'zxcvbnm'].flatMap(pairsOf))

const requiredBits = 256
const pieceLength = 10

/** Whether bytes, of which 32 random ones would do, follow each other like numbers that are counted or repeated. */
export function looksCounted(bytes: Uint8Array): boolean {
  let counted = 0
  for (let i = 2; i < bytes.length; i++) {
    const step = stepAt(bytes, i)
    if (isSmall(step) || step === stepAt(bytes, i - 1)) counted++
  }
  return counted > bytes.length * 0.3
}

/** Whether a longer piece comes twice. */
export function repeatsPiece(text: string): boolean {
  const pieces = Array.from({ length: Math.max(0, text.length - pieceLength + 1) }, (_, i) =>
    text.slice(i, i + pieceLength),
  )
  return new Set(pieces).size < pieces.length
}

/** Whether letters follow each other as they do in words or on a keyboard, also when digits stand for some of them. */
export function looksWritten(text: string): boolean {
  const plain = lettersFor(text.toLowerCase())
  const pairs = pairsOf(plain).filter(pair => /^[a-z]{2}$/.test(pair))
  const share = (known: Set<string>) => pairs.filter(pair => known.has(pair)).length / pairs.length
  return pairs.length >= 10 && (share(commonPairs) > 0.4 || share(keyboardPairs) > 0.3)
}

/** Whether a text that is no encoding carries enough by itself: signs that could be foreseen count nothing, the others by how many kinds there are. */
export function carriesEnough(text: string): boolean {
  const seen = new Set<string>()
  let fresh = 0
  for (let i = 0; i < text.length; i++) {
    const pair = text.slice(Math.max(0, i - 1), i + 1).toLowerCase()
    const foreseen = seen.has(pair) || commonPairs.has(pair) || isSmall(text.charCodeAt(i) - text.charCodeAt(i - 1))
    if (!foreseen) fresh++
    seen.add(pair)
  }
  return fresh * Math.log2(new Set(text).size) >= requiredBits
}

export function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every(byte => byte >= 0x20 && byte < 0x7f)
}

const stepAt = (bytes: Uint8Array, i: number) => ((bytes[i] ?? 0) - (bytes[i - 1] ?? 0) + 256) % 256

const isSmall = (step: number) => step === 255 || (step >= -1 && step <= 1)

function pairsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2))
}
