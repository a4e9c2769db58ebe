import { button, el, setText } from './element.js'

/** How long the button says that the code was copied. */
const SAID_MS = 3000

export interface CodePlate {
  readonly element: HTMLElement
  show(code: string | null): void
  /** Its time is over: still to be read, no longer to be copied. */
  setOver(over: boolean): void
}

/** The code, large, each character in a place of its own, and a button that copies it. */
export function codePlate(announce: (text: string) => void): CodePlate {
  const halves = [el('span', { class: 'code-half' }), el('span', { class: 'code-half' })] as const
  const dash = el('span', { class: 'code-dash' }, '-')
  const code = el('p', { class: 'code', role: 'img', translate: 'no' }, halves[0], dash, halves[1])
  const copy = button('Copy code', 'quiet', () => void copyCode())
  let shown: string | null = null
  let over = false
  let saying: ReturnType<typeof setTimeout> | undefined

  function say(label: string, aloud: string): void {
    setText(copy, label)
    announce(aloud)
    clearTimeout(saying)
    saying = setTimeout(() => setText(copy, 'Copy code'), SAID_MS)
  }

  async function copyCode(): Promise<void> {
    if (shown === null || over) return
    if (await putOnClipboard(shown.replace('-', ''))) return say('Copied', 'The code is copied.')
    // what the browser does not allow a page, it allows the visitor
    getSelection()?.selectAllChildren(code)
    if (copySelection()) say('Copied', 'The code is copied.')
    else say('Selected', 'The code is selected. Copy it with your keyboard or the menu of your browser.')
  }

  // however it is copied: only the characters, as phones take them
  code.addEventListener('copy', event => {
    if (shown === null) return
    event.clipboardData?.setData('text/plain', shown.replace('-', ''))
    event.preventDefault()
  })

  return {
    element: el('div', { class: 'code-plate' }, code, copy),
    show(next) {
      const waiting = next === null
      code.classList.toggle('code-waiting', waiting)
      copy.setAttribute('aria-disabled', String(waiting || over))
      if (next === shown && code.hasAttribute('aria-label')) return
      shown = next
      const [first = '', second = ''] = (next ?? '····-····').split('-')
      halves[0].replaceChildren(...places(first))
      halves[1].replaceChildren(...places(second))
      code.setAttribute('aria-label', next === null ? 'The code is not there yet' : spelt(next))
    },
    setOver(isOver) {
      if (isOver === over) return
      over = isOver
      code.classList.toggle('code-over', over)
      copy.setAttribute('aria-disabled', String(over || shown === null))
    },
  }
}

/** `Pairing code: K, 7, A, B, dash, 2, 3, C, D`: read as one word it could not be understood. */
function spelt(code: string): string {
  return `Pairing code: ${Array.from(code, character => (character === '-' ? 'dash' : character)).join(', ')}`
}

function places(half: string): HTMLElement[] {
  return Array.from(half, character => el('span', { class: 'code-character' }, character))
}

async function putOnClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // no permission, or a page without TLS, where there is no clipboard at all
    return false
  }
}

function copySelection(): boolean {
  try {
    return document.execCommand('copy')
  } catch {
    return false
  }
}
