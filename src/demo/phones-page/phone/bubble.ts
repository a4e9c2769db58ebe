import { button, el, setText } from '../../../linking-page/render/element.js'
import type { MessageView } from '../../view.js'
import { icon, type IconName } from '../icons.js'
import type { KeyedView } from '../keyed-list.js'
import { dateAndTime, isToken, timeOfDay } from '../words.js'
import { formatted } from './formatted.js'

const TICKS: Record<NonNullable<MessageView['status']>, { picture: IconName; word: string }> = {
  sent: { picture: 'sent', word: 'Sent' },
  delivered: { picture: 'twice', word: 'Delivered' },
  read: { picture: 'twice', word: 'Read' },
}

/** How long a button says that it has copied; in milliseconds. */
const COPIED_MS = 2_000

export function bubble({ fromMe, at }: MessageView, author: string): KeyedView<MessageView> {
  const body = el('div', { class: 'bubble-body' })
  const time = el('time', { datetime: new Date(at).toISOString(), title: dateAndTime(at) }, timeOfDay(at))
  const ticks = el('span', { class: 'ticks' })
  const element = el(
    'li',
    { class: fromMe ? 'bubble bubble-mine' : 'bubble' },
    el('span', { class: 'sr-only' }, `${author}: `),
    body,
    el('span', { class: 'bubble-foot' }, time, ticks),
  )
  let shownText: string | null | undefined
  let shownStatus: MessageView['status'] | undefined
  return {
    element,
    update({ text, status }) {
      if (text !== shownText) {
        shownText = text
        body.replaceChildren(...contentsOf(text))
      }
      if (status === shownStatus) return
      shownStatus = status
      ticks.replaceChildren(...(status === null ? [] : tickOf(status)))
      ticks.classList.toggle('ticks-read', status === 'read')
    },
  }
}

function tickOf(status: NonNullable<MessageView['status']>): Node[] {
  const { picture, word } = TICKS[status]
  return [icon(picture), el('span', { class: 'sr-only' }, word)]
}

function contentsOf(text: string | null): Node[] {
  if (text === null) return [el('p', { class: 'bubble-text' }, 'This message has no text.')]
  if (!isToken(text)) return [el('p', { class: 'bubble-text' }, ...formatted(text))]
  const token = el('p', { class: 'token token-short' }, text)
  const copy = button('Copy', 'quiet', () => void copyText(text, copy))
  const whole = button('Show all', 'quiet', () => {
    const short = token.classList.toggle('token-short')
    setText(whole, short ? 'Show all' : 'Show less')
  })
  for (const each of [copy, whole]) each.classList.add('button-small')
  return [token, el('p', { class: 'token-actions' }, copy, whole)]
}

async function copyText(text: string, pressed: HTMLButtonElement): Promise<void> {
  const done = await navigator.clipboard.writeText(text).then(
    () => 'Copied',
    () => 'Not copied',
  )
  setText(pressed, done)
  setTimeout(() => setText(pressed, 'Copy'), COPIED_MS)
}
