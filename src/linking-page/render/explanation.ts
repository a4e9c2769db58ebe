import type { LinkMode } from '../../contract/linking.js'
import { el } from './element.js'
import type { IconName } from './icons.js'
import { icon } from './icons.js'

interface Fact {
  icon: IconName
  title: string
  text: string
}

const SCAN: Fact = {
  icon: 'scan',
  title: 'What happens',
  text:
    'You scan one QR code, or type one code into WhatsApp. That adds this gateway to the linked devices of your account, ' +
    'as a new computer would be.',
}

const DELIVERY: Fact = {
  icon: 'chat',
  title: 'Where your session ID goes',
  text: 'Only into your own WhatsApp chat, as a message to yourself. It never appears on this page.',
}

const ABILITIES = 'A linked device can read and send messages in your name and see your contacts and groups.'

const ACCESS: Record<LinkMode, Fact> = {
  handed_off: {
    icon: 'eye',
    title: 'What it can do',
    text:
      `${ABILITIES} After delivery this gateway disconnects and keeps an encrypted copy for 30 days. ` +
      'Only you can log the device out, on your phone.',
  },
  managed: {
    icon: 'eye',
    title: 'What it can do',
    text: `${ABILITIES} This gateway stays connected as that device and keeps the access encrypted.`,
  },
}

const UNDO: Fact = {
  icon: 'exit',
  title: 'How to undo it',
  text: 'On your phone: WhatsApp → Settings → Linked Devices, choose the device, then Log out. From then on the session ID opens nothing.',
}

/** What linking means, before anything is opened. Depends on what this gateway does afterwards. */
export function explanationParts(mode: LinkMode): Node[] {
  const facts = [SCAN, DELIVERY, ACCESS[mode], UNDO]
  return [
    el('h2', { class: 'explanation-title' }, 'What linking means'),
    el(
      'ul',
      { class: 'facts' },
      ...facts.map(fact =>
        el('li', { class: 'fact' }, icon(fact.icon), el('div', {}, el('h3', {}, fact.title), el('p', {}, fact.text))),
      ),
    ),
  ]
}
