import { button, el, setText } from '../../../linking-page/render/element.js'
import { sentenceOf } from '../api.js'
import { codeInWords } from '../words.js'
import { complaint, iconButton, screenHeading } from './parts.js'
import type { Screen, ScreenDeps } from './screen.js'

const MEANING = 'Type the code that the linking page shows for this phone’s number.'

/** Where the code is typed that the linking page shows, for a phone that cannot scan it. */
export function enterCodeScreen(deps: ScreenDeps): Screen {
  const heading = screenHeading('Enter code')
  const status = el('p', { class: 'scan-status', role: 'status' }, MEANING)
  const box = el('input', {
    class: 'code-box',
    'aria-label': 'Code',
    placeholder: 'XXXX-XXXX',
    maxlength: '40',
    autocomplete: 'off',
    autocapitalize: 'characters',
    spellcheck: 'false',
  })
  const link = el('button', { type: 'submit', class: 'button button-primary' }, 'Link device')
  const trouble = complaint()
  const form = el('form', { class: 'code-form' }, box, trouble.element, link)
  const chat = button('Open your own chat', 'primary', () => deps.go({ kind: 'chat', with: deps.phoneNumber }))
  chat.hidden = true
  const scan = button('Scan the code instead', 'quiet', () => deps.go({ kind: 'scan' }))
  const linkingPage = button('Show the linking page', 'quiet', deps.showLinkingPage)
  linkingPage.classList.add('only-narrow')
  const back = iconButton('back', 'Back to the linked devices', () => deps.go({ kind: 'devices' }))
  const element = el(
    'div',
    { class: 'screen-body' },
    el('div', { class: 'screen-head' }, back, heading),
    el('div', { class: 'scroller scan' }, status, form, el('div', { class: 'scan-actions' }, chat, scan, linkingPage)),
  )
  let busy = false

  async function submit(): Promise<void> {
    if (busy) return
    busy = true
    trouble.show('')
    setText(link, 'Linking…')
    try {
      await deps.api.enterCode(deps.phoneNumber, box.value)
      setText(status, 'Device linked. Your session ID arrives in your own chat.')
      for (const part of [form, scan, linkingPage]) part.hidden = true
      chat.hidden = false
      if (element.contains(document.activeElement) || document.activeElement === document.body) chat.focus()
    } catch (error) {
      trouble.show(sentenceOf(error))
    }
    setText(link, 'Link device')
    busy = false
  }

  box.addEventListener('input', () => {
    if (box.selectionStart === box.value.length) box.value = codeInWords(box.value)
  })
  form.addEventListener('submit', event => {
    event.preventDefault()
    void submit()
  })
  return { element, heading, update() {} }
}
