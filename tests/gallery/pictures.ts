import type { Page } from 'playwright-core'
import qrcode from 'qrcode'
import type { StateName } from '../../src/linking-page/state-names.js'
import * as views from '../../src/linking-page/testing/sample-views.js'
import type { Answer, View } from '../../src/linking-page/testing/scripted-gateway.js'
import { linkReason } from '../../src/backend/linking/link-reasons.js'
import { resendTooOften } from '../../src/backend/linking/resend.js'
import { unusableNumber } from '../../src/backend/linking/errors.js'
import { sessionReason, type SessionReason } from '../../src/backend/sessions/session-reasons.js'
import { answerOf, ended, failures } from './failures.js'
import type { Picture } from './picture.js'

const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click()

/** Not a code that any phone accepts, only one that looks as dense as a real one. */
const qrCode = await qrcode.toDataURL(`This picture is a sample and links nothing. ${'0123456789'.repeat(19)}`, {
  margin: 4,
  scale: 6,
})
const scanning: View = { ...views.scanning, qrCode, qrExpiresInMs: 41_000, expiresInMs: 102_000 }
const byCode = (change: Partial<View>): View => views.onward({ method: 'code', ...change })

async function typeNumber(page: Page, number: string): Promise<void> {
  await page.getByRole('radio', { name: 'Pairing code' }).check()
  await page.locator('#country option').nth(1).waitFor({ state: 'attached' })
  await page.locator('#country').selectOption('KE')
  await page.getByLabel('Phone number').fill(number)
}

async function revoke(page: Page): Promise<void> {
  await press('Revoke (unlink)')(page)
  await press('Yes, unlink')(page)
}

async function askForCode(page: Page, number = '0712345678'): Promise<void> {
  await typeNumber(page, number)
  await press('Get a pairing code')(page)
}

const started: Answer = { status: 200, body: { sessionId: views.sessionId, pairingCode: views.pairingCode } }
/** A managed link whose session has come to this since. */
const since = (state: View['state'], code: SessionReason): View => {
  return { ...views.managed, can: [], status: 'disconnected', state, reason: sessionReason(code) }
}

/** Every state of the page, each with at least one picture: the compiler asks for one when a state is added. */
export const gallery: Readonly<Record<StateName, readonly [Picture, ...Picture[]]>> = {
  loading: [{ name: 'loading', about: 'The page has not heard from its server yet.', silent: true }],
  'welcome-qr': [{ name: 'welcome-qr', about: 'The first panel on a computer: by QR code.' }],
  'welcome-code': [
    {
      name: 'welcome-code',
      about: 'The first panel on a phone: by pairing code, the number spaced as it is typed.',
      act: page => typeNumber(page, '0712345678'),
    },
  ],
  'number-problem': [
    {
      name: 'number-problem',
      about: 'A number that cannot be meant is told beside its field.',
      start: answerOf(unusableNumber('This number is too short.')),
      async act(page) {
        await askForCode(page)
        await page.locator('.field-problem').waitFor()
        // the page itself would not have sent such a number
        await page.getByLabel('Phone number').evaluate((field: HTMLInputElement) => (field.value = '0712 345'))
      },
    },
  ],
  'number-instead': [
    {
      name: 'number-instead',
      about: 'A pairing code instead of the QR code, which stays valid meanwhile.',
      view: scanning,
      act: press('Use a pairing code instead'),
    },
  ],
  queued: [
    { name: 'queued', about: 'Every place is taken: the place in the queue.', view: views.queued },
    {
      name: 'queued-next',
      about: 'The next one, by code.',
      view: { ...views.queued, method: 'code', queuePosition: 1 },
    },
  ],
  'starting-qr': [{ name: 'starting-qr', about: 'Waiting for the first QR code.', start: 'hang', act: press('Start') }],
  'starting-code': [
    { name: 'starting-code', about: 'Waiting for the pairing code.', start: 'hang', act: page => askForCode(page) },
  ],
  qr: [
    { name: 'qr', about: 'The QR code, live.', view: scanning },
    {
      name: 'qr-next',
      about: 'Between one QR code and the next.',
      view: { ...scanning, qrExpiresInMs: 0, expiresInMs: 62_000 },
    },
    {
      name: 'qr-offline',
      about: 'The visitor is offline.',
      view: scanning,
      async act(page) {
        await page.locator('.qr-shown').waitFor()
        await page.context().setOffline(true)
        await page.getByText('You are offline').waitFor()
      },
    },
  ],
  code: [
    { name: 'code', about: 'The pairing code.', start: started, after: views.entering, act: page => askForCode(page) },
    {
      name: 'code-run-out',
      about: 'Its time is over.',
      view: { ...views.entering, codeExpiresInMs: 0, expiresInMs: 0 },
    },
  ],
  'code-entered': [
    {
      name: 'code-entered',
      about: 'A code was typed on the phone; whether it is the right one is not known yet.',
      view: { ...views.entering, codeEntered: true, codeExpiresInMs: 92_000, expiresInMs: 92_000 },
    },
  ],
  scanned: [{ name: 'scanned', about: 'The phone scanned the QR code.', view: views.scanned }],
  accepted: [
    {
      name: 'accepted',
      about: 'The phone accepted the pairing code.',
      view: byCode({ phase: 'scanned', percent: 30 }),
    },
  ],
  preparing: [
    { name: 'preparing', about: 'The session ID is being made.', view: views.preparing },
    {
      name: 'delivering-managed',
      about: 'The two messages are on their way, managed.',
      view: byCode({ mode: 'managed', phase: 'delivering', step: 2, percent: 80 }),
    },
  ],
  complete: [
    { name: 'complete', about: 'Done: both messages are with WhatsApp.', view: views.complete },
    {
      name: 'complete-superseded',
      about: 'Done, and an older session of the account is superseded.',
      view: { ...views.complete, reason: linkReason('superseded_older') },
    },
  ],
  'complete-unconfirmed': [
    {
      name: 'complete-unconfirmed',
      about: 'Linked, but WhatsApp has not confirmed the messages: nothing is claimed about them.',
      view: { ...views.complete, reason: linkReason('delivery_unconfirmed') },
    },
  ],
  'complete-managed': [{ name: 'complete-managed', about: 'Done, and managed here.', view: views.managed }],
  'confirm-revoke': [
    { name: 'confirm-revoke', about: 'Revoke asks once more.', view: views.managed, act: press('Revoke (unlink)') },
  ],
  resent: [
    {
      name: 'resent',
      about: 'The session ID is on its way once more.',
      view: views.managed,
      wish: { status: 200, body: { queued: true } },
      act: press('Resend to my phone'),
    },
  ],
  'wish-refused': [
    {
      name: 'resend-limit',
      about: 'Asked too often: the button says when again.',
      view: views.managed,
      wish: answerOf(resendTooOften(1260)),
      act: press('Resend to my phone'),
    },
  ],
  unlinking: [
    {
      name: 'unlinking',
      about: 'After Revoke, while WhatsApp cannot be reached.',
      view: views.managed,
      wish: { status: 200, body: { state: 'reconnecting' } },
      act: revoke,
    },
  ],
  unlinked: [
    {
      name: 'unlinked',
      about: 'After Revoke.',
      view: views.managed,
      wish: { status: 200, body: { state: 'logged_out' } },
      act: revoke,
    },
  ],
  'session-over': [
    {
      name: 'session-superseded',
      about: 'The account was linked again elsewhere.',
      view: since('superseded', 'linked_again'),
    },
    {
      name: 'session-with-bot',
      about: 'The bot that has the session has logged in.',
      view: since('handed_off', 'bot_still_running'),
    },
    {
      name: 'session-replaced',
      about: 'Something else has logged in: it may be ended from here.',
      view: { ...since('disconnected', 'replaced'), can: ['revoke'] },
    },
    { name: 'session-banned', about: 'WhatsApp does not let the account in.', view: since('banned', 'banned') },
  ],
  expired: ended.expired,
  cancelled: [
    {
      name: 'cancelled',
      about: 'The visitor cancelled.',
      view: scanning,
      after: views.onward({ phase: 'cancelled', state: 'disconnected' }),
      act: press('Cancel'),
    },
  ],
  failed: ended.failed,
  gone: [
    {
      name: 'gone',
      about: 'The server no longer knows the attempt.',
      view: scanning,
      async act(page, gateway) {
        await page.locator('.qr-shown').waitFor()
        gateway.view = null
        gateway.dropSockets()
      },
    },
  ],
  trouble: failures,
}
