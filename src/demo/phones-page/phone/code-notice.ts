import { button, el, setText } from '../../../linking-page/render/element.js'
import type { PhoneView } from '../../view.js'

export type CodeNoticeDeps = { enterCode: () => void }

/** What a phone says when somebody asks for a code for its number: shown until the code is of no use or the notice is put away. */
export function codeNotice(deps: CodeNoticeDeps): {
  element: HTMLElement
  show: (phone: PhoneView, entering: boolean) => void
} {
  const what = el('p', { class: 'notice-text' })
  const enter = button('Enter code', 'primary', deps.enterCode)
  const dismiss = button('Not now', 'quiet', () => {
    putAway = shown
    box.hidden = true
  })
  for (const action of [enter, dismiss]) action.classList.add('button-small')
  const box = el(
    'div',
    { class: 'code-notice', hidden: '' },
    what,
    el('div', { class: 'notice-actions' }, enter, dismiss),
  )
  const element = el('div', { role: 'status' }, box)
  let shown = 0
  let putAway = 0

  return {
    element,
    show({ codeRequest, online }, entering) {
      shown = codeRequest?.askedAt ?? 0
      box.hidden = codeRequest === null || !online || entering || shown === putAway
      if (codeRequest !== null) setText(what, `A device wants to be linked: ${codeRequest.platform}`)
    },
  }
}
