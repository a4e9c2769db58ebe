import { el, setText } from '../../../linking-page/render/element.js'
import { sentenceOf } from '../api.js'
import { icon } from '../icons.js'
import { complaint } from './parts.js'

export type ComposerDeps = { send: (text: string) => Promise<void> }

/** A box to write in. Enter sends, Shift and Enter begin a new line. */
export function composer(deps: ComposerDeps): { element: HTMLElement; setOnline: (online: boolean) => void } {
  const box = el('textarea', {
    class: 'box',
    rows: '1',
    maxlength: '4096',
    'aria-label': 'Message',
    placeholder: 'Message',
  })
  const label = el('span', { class: 'sr-only' }, 'Send')
  const send = el('button', { type: 'submit', class: 'send' }, icon('send'), label)
  const trouble = complaint()
  const form = el('form', { class: 'composer' }, trouble.element, box, send)
  let sent = Promise.resolve()

  /** One after the other, so that they arrive in the order in which they were written. */
  function submit(): void {
    const text = box.value.trim()
    if (text === '') return
    box.value = ''
    sent = sent.then(() => sendOne(text))
    box.focus()
  }

  async function sendOne(text: string): Promise<void> {
    try {
      await deps.send(text)
      trouble.show('')
    } catch (error) {
      trouble.show(sentenceOf(error))
      box.value = [text, box.value].filter(part => part !== '').join('\n')
    }
  }

  form.addEventListener('submit', event => {
    event.preventDefault()
    submit()
  })
  box.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    submit()
  })
  return {
    element: form,
    setOnline(online) {
      form.classList.toggle('composer-offline', !online)
      box.placeholder = online ? 'Message' : 'This phone is offline'
      setText(label, online ? 'Send' : 'Send (this phone is offline)')
    },
  }
}
