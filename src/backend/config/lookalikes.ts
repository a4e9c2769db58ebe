/** Digits and signs that people put in the place of letters. */
const lookalikes: Record<string, string> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/** The text with the letters that its digits and signs may stand for. */
export const lettersFor = (text: string): string => text.replaceAll(/[013457@$!]/g, sign => lookalikes[sign] ?? sign)
