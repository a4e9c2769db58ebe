import type { LinkMethod, LinkPhase } from '../../src/contract/linking.js'
import { linkReason } from '../../src/backend/linking/link-reasons.js'
import { onward } from '../../src/linking-page/testing/sample-views.js'
import type { View } from '../../src/linking-page/testing/scripted-gateway.js'
import type { Page } from 'playwright-core'
import type { Picture, Pictures } from './picture.js'

function over(phase: LinkPhase, code: string | null, method: LinkMethod = 'qr', change: Partial<View> = {}): View {
  const reason = linkReason(code)
  if (code !== null && reason === null) throw new Error(`The server has no reason ${code}`)
  return onward({ status: 'disconnected', state: 'disconnected', phase, method, reason, ...change })
}

const refused = (name: string, about: string, status: number, body: object, retryAfter?: number): Picture => ({
  name,
  about,
  start: { status, body, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }) },
  act: (page: Page) => page.getByRole('button', { name: 'Start', exact: true }).click(),
})

function advice(code: string): { detail: string | undefined; action: string | undefined } {
  const reason = linkReason(code)
  return { detail: reason?.message, action: reason?.action }
}

/** Attempts that ended without a link; one picture for each heading, the sentences are the server's own. */
export const ended: { expired: Pictures; failed: Pictures } = {
  expired: [
    { name: 'expired', about: 'Nobody scanned in time.', view: over('expired', 'qr_expired') },
    { name: 'expired-code', about: 'Nobody typed the code in time.', view: over('expired', 'code_expired', 'code') },
    { name: 'expired-restart', about: 'The server lost the link.', view: over('expired', 'node_lost') },
  ],
  failed: [
    { name: 'failed', about: 'The connection broke.', view: over('failed', 'connection_lost_early') },
    { name: 'failed-number', about: 'Another number answered.', view: over('failed', 'wrong_number', 'code') },
    { name: 'failed-code', about: 'WhatsApp gives no code.', view: over('failed', 'code_rate_limited', 'code') },
    {
      name: 'failed-entry',
      about: 'A code was typed, no link came.',
      view: over('failed', 'pairing_unfinished', 'code'),
    },
    { name: 'failed-passkey', about: 'WhatsApp asks for a passkey.', view: over('failed', 'passkey_required') },
    { name: 'failed-account', about: 'WhatsApp refused the account.', view: over('failed', 'account_banned') },
    {
      name: 'failed-gateway',
      about: 'The server needs an update: only its operator can help.',
      view: over('failed', 'engine_outdated', 'code'),
      settings: { supportUrl: 'https://example.org/support' },
    },
    {
      name: 'failed-late',
      about: 'It ended after the phone had accepted, and nothing more is known.',
      view: over('failed', null, 'qr', { step: 2, percent: 55 }),
    },
  ],
}

/** Requests that were refused or not answered. */
export const failures: Pictures = [
  refused(
    'limit',
    'Too many attempts: the button says when again.',
    429,
    {
      code: 'too_many_attempts',
      detail: 'This address has started many attempts in a short time.',
      action: 'Wait a moment, then start again.',
    },
    95,
  ),
  refused(
    'node-full',
    'Every place is taken, in the queue too.',
    503,
    { code: 'node_full', detail: 'Every place on this server is taken.', action: 'Try again shortly.' },
    30,
  ),
  refused(
    'not-ready',
    'The database does not answer.',
    503,
    { code: 'database_unavailable', detail: 'The database does not answer.', action: 'Try again shortly.' },
    5,
  ),
  refused('whatsapp-unreachable', 'WhatsApp cannot be reached.', 502, {
    code: 'whatsapp_unreachable',
    detail: 'WhatsApp could not be reached.',
    action: 'Wait a minute, then start again.',
  }),
  {
    ...refused(
      'start-blocked',
      'Something stands between this server and WhatsApp: only the operator can help.',
      502,
      { code: 'whatsapp_refused', ...advice('whatsapp_intercepted') },
      300,
    ),
    settings: { supportUrl: 'https://example.org/support' },
  },
  {
    name: 'code-refused',
    about: 'WhatsApp gives no code: the QR code is offered instead.',
    start: {
      status: 502,
      body: { code: 'whatsapp_refused', ...advice('code_refused') },
    },
    async act(page) {
      await page.getByRole('radio', { name: 'Pairing code' }).check()
      await page.locator('#country option').nth(1).waitFor({ state: 'attached' })
      await page.getByLabel('Phone number').fill('+254712345678')
      await page.getByRole('button', { name: 'Get a pairing code' }).click()
    },
  },
  {
    name: 'offline',
    about: 'Start pressed without a network.',
    async act(page) {
      await page.getByRole('button', { name: 'Start', exact: true }).waitFor()
      await page.context().setOffline(true)
      await page.getByRole('button', { name: 'Start', exact: true }).click()
      await page.getByRole('heading', { name: 'You are offline' }).waitFor()
    },
  },
  {
    name: 'unanswered',
    about: 'The gateway does not answer.',
    start: { status: 200, body: {} },
    act: page => page.getByRole('button', { name: 'Start', exact: true }).click(),
  },
]
