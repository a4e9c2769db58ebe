import { button, el, setText } from '../../../linking-page/render/element.js'
import type { DeviceView } from '../../view.js'
import { sentenceOf } from '../api.js'
import { icon } from '../icons.js'
import { keyedList, type KeyedView } from '../keyed-list.js'
import { dateAndTime } from '../words.js'
import { linkButton } from './chat-list.js'
import { complaint, screenHeading } from './parts.js'
import type { Screen, ScreenDeps } from './screen.js'

/** The devices that may use this account, each with its way out. */
export function devicesScreen(deps: ScreenDeps): Screen {
  const heading = screenHeading('Linked devices')
  const trouble = complaint()
  const empty = el('p', { class: 'empty' }, 'No device is linked to this phone.')
  const list = el('ul', { class: 'rows' })
  const meaning = el(
    'p',
    { class: 'meaning' },
    'A device that is not connected stays linked: whoever has its session ID can use this account until you log it out.',
  )
  const element = el(
    'div',
    { class: 'screen-body' },
    el('div', { class: 'screen-head' }, heading),
    el(
      'div',
      { class: 'scroller' },
      el('div', { class: 'invitation' }, linkButton(deps)),
      trouble.element,
      empty,
      list,
      meaning,
    ),
  )

  async function logOut(deviceId: number): Promise<void> {
    try {
      await deps.api.unlink(deps.phoneNumber, deviceId)
      trouble.show('')
      heading.focus({ preventScroll: true })
    } catch (error) {
      trouble.show(sentenceOf(error))
    }
  }

  const draw = keyedList<DeviceView>(
    list,
    device => String(device.deviceId),
    device => deviceRow(device, () => void logOut(device.deviceId)),
  )
  return {
    element,
    heading,
    update(phone) {
      meaning.hidden = phone.devices.length === 0
      empty.hidden = phone.devices.length > 0
      draw(phone.devices)
    },
  }
}

function deviceRow({ deviceId, platform, linkedAt }: DeviceView, logOut: () => void): KeyedView<DeviceView> {
  const state = el('span', { class: 'row-detail' })
  const leave = button('Log out', 'quiet', logOut)
  leave.classList.add('button-small')
  leave.setAttribute('aria-label', `Log out ${platform}, device ${deviceId}`)
  const text = el(
    'span',
    { class: 'row-text' },
    el('span', { class: 'row-title' }, platform),
    state,
    el('span', { class: 'row-detail' }, `Linked ${dateAndTime(linkedAt)}`),
  )
  const mark = el('span', { class: 'avatar', 'aria-hidden': 'true' }, icon('laptop'))
  return {
    element: el('li', { class: 'row row-device' }, mark, text, leave),
    update: ({ online }) => setText(state, online ? 'Connected now' : 'Not connected'),
  }
}
