import { button, el, setText } from '../../../linking-page/render/element.js'
import { RequestRefused, sentenceOf } from '../api.js'
import { icon } from '../icons.js'
import { pictureBytes } from '../linking-frame.js'
import { iconButton, screenHeading } from './parts.js'
import type { Screen, ScreenDeps } from './screen.js'

const LOOK_EVERY_MS = 300
const NO_CODE = 'No code in sight. Press Start on the linking page.'

/** Codes that may go by themselves: a newer picture is tried at once. */
const NEXT_MAY_WORK = new Set(['qr_expired', 'qr_rotated', 'qr_unreadable', 'qr_malformed'])

/** The camera: looks at the linking page until there is a code, and hands the picture's pixels to the phone. */
export function scanScreen(deps: ScreenDeps): Screen {
  const heading = screenHeading('Link a device')
  const photo = el('img', { class: 'photo', alt: '', hidden: '' })
  const finder = el('div', { class: 'finder' }, photo, icon('scan'))
  const status = el('p', { class: 'scan-status', role: 'status' }, NO_CODE)
  const again = button('Scan again', 'primary', () => look())
  const chat = button('Open your own chat', 'primary', () => deps.go({ kind: 'chat', with: deps.phoneNumber }))
  const byCode = button('Link with phone number instead', 'quiet', () => deps.go({ kind: 'code' }))
  byCode.classList.add('button-small')
  const linkingPage = button('Show the linking page', 'quiet', deps.showLinkingPage)
  linkingPage.classList.add('only-narrow')
  const back = iconButton('back', 'Back to the linked devices', () => deps.go({ kind: 'devices' }))
  const foot = el('div', { class: 'scan-actions' }, again, chat, byCode, linkingPage)
  const element = el(
    'div',
    { class: 'screen-body' },
    el('div', { class: 'screen-head' }, back, heading),
    el('div', { class: 'scroller scan' }, finder, status, foot),
  )
  let timer: ReturnType<typeof setInterval> | undefined
  let refused: string | null = null
  let left = false

  function show(state: 'looking' | 'scanning' | 'linked' | 'failed', text: string): void {
    finder.dataset['state'] = state
    setText(status, text)
    again.hidden = state !== 'failed'
    chat.hidden = state !== 'linked'
    byCode.hidden = state === 'scanning' || state === 'linked'
    linkingPage.hidden = state !== 'looking'
  }

  function look(): void {
    clearInterval(timer)
    refused = null
    photo.hidden = true
    show('looking', NO_CODE)
    timer = setInterval(() => glance(), LOOK_EVERY_MS)
    glance()
  }

  function glance(): void {
    const address = deps.picture.picture()
    if (address === null || address === refused) return
    clearInterval(timer)
    photo.src = address
    photo.hidden = false
    void scan(address)
  }

  async function scan(address: string): Promise<void> {
    show('scanning', 'Scanning…')
    try {
      await deps.api.scan(deps.phoneNumber, pictureBytes(address))
      show('linked', 'Device linked. Your session ID arrives in your own chat.')
    } catch (error) {
      if (left) return
      if (!(error instanceof RequestRefused && NEXT_MAY_WORK.has(error.code))) {
        show('failed', sentenceOf(error))
        return
      }
      refused = address
      photo.hidden = true
      show('looking', error.message)
      timer = setInterval(() => glance(), LOOK_EVERY_MS)
    }
  }

  look()
  return {
    element,
    heading,
    update() {},
    leave() {
      left = true
      clearInterval(timer)
    },
  }
}
