import type { Wish } from '../api.js'
import { leftMs, timeOfDay, whenPossible } from '../countdown.js'
import type { Account } from '../screen.js'
import type { WishState } from '../state.js'
import { button, el, setText } from './element.js'
import type { PanelActions } from './panel-view.js'

const REVOKE = 'Unlink this account? The gateway logs its device out, and the session ID opens nothing any more.'

export interface AccountSection {
  readonly element: HTMLElement
  show(account: Account): void
  tick(now: number): void
}

/** For an account that is managed here: the session ID once more, or the end of the link. What became of it is said beside it. */
export function accountSection(actions: PanelActions): AccountSection {
  const resend = button('Resend to my phone', 'quiet', () => press('resend'))
  const revoke = button('Revoke (unlink)', 'quiet', () => press('revoke'))
  const row = el('div', { class: 'account-row' }, resend, revoke)
  const yes = button('Yes, unlink', 'danger', () => press('revoke', true))
  const no = button('Keep it linked', 'quiet', () => {
    actions.forgetWish('revoke')
    revoke.focus()
  })
  const confirm = el(
    'div',
    { class: 'confirm', role: 'group', 'aria-label': 'Unlink this account', hidden: '' },
    el('p', {}, REVOKE),
    el('div', { class: 'account-row' }, yes, no),
  )
  const told = el('p', { class: 'account-told', role: 'status' })
  const element = el(
    'section',
    { class: 'account', 'aria-label': 'Your account on this gateway', hidden: '' },
    row,
    confirm,
    told,
  )
  let account: Account = { can: [], wishes: {} }

  function press(wish: Wish, sure = false): void {
    const before = account.wishes[wish]
    if (before?.stage === 'asking' || waitOf(before, Date.now()) > 0) return
    actions.wish(wish, wish === 'resend' || sure)
    if (wish === 'revoke' && !sure) no.focus()
  }

  function tick(now: number): void {
    label(resend, 'Resend to my phone', 'Sending…', account.wishes.resend, now)
    label(yes, 'Yes, unlink', 'Unlinking…', account.wishes.revoke, now)
  }

  return {
    element,
    show(next) {
      account = next
      element.hidden = next.can.length === 0
      const confirms = next.wishes.revoke !== undefined
      resend.hidden = !next.can.includes('resend')
      revoke.hidden = !next.can.includes('revoke')
      row.hidden = confirms
      confirm.hidden = !confirms
      setText(told, tellAbout(next.wishes.revoke ?? next.wishes.resend))
      tick(Date.now())
    },
    tick,
  }
}

function tellAbout(wish: WishState | undefined): string {
  // with the time, so that a second press is seen to have done something
  if (wish?.stage === 'done')
    return `Asked at ${timeOfDay(wish.told)}: your session ID is on its way to your own chat once more.`
  return wish?.stage === 'refused' ? `${wish.what.message} ${wish.what.action}` : ''
}

function label(of: HTMLElement, usual: string, asking: string, wish: WishState | undefined, now: number): void {
  const left = waitOf(wish, now)
  of.setAttribute('aria-disabled', String(wish?.stage === 'asking' || left > 0))
  setText(of, wish?.stage === 'asking' ? asking : left > 0 ? `Again ${whenPossible(now + left, now)}` : usual)
}

function waitOf(wish: WishState | undefined, now: number): number {
  return wish?.stage === 'refused' ? leftMs(wish.told + wish.what.waitMs, now) : 0
}
