import type { LinkMethod, LinkPhase } from '../../src/contract/linking.js'
import { linkingClosed, nodeFull } from '../../src/backend/admission/errors.js'
import { DatabaseUnavailableError } from '../../src/backend/database/database-errors.js'
import type { GatewayError } from '../../src/backend/errors.js'
import { problemOf } from '../../src/backend/http/error-response.js'
import { tooManyAttempts } from '../../src/backend/http/too-many-attempts.js'
import { startFailed } from '../../src/backend/linking/errors.js'
import { linkReason } from '../../src/backend/linking/link-reasons.js'
import { onward } from '../../src/linking-page/testing/sample-views.js'
import type { Answer, View } from '../../src/linking-page/testing/scripted-gateway.js'
import type { Page } from 'playwright-core'
import type { Picture, Pictures } from './picture.js'

function over(phase: LinkPhase, code: string | null, method: LinkMethod = 'qr', change: Partial<View> = {}): View {
  const reason = linkReason(code)
  if (code !== null && reason === null) throw new Error(`The server has no reason ${code}`)
  return onward({ status: 'disconnected', state: 'disconnected', phase, method, reason, ...change })
}

type Ask = (page: Page) => Promise<void>

const pressStart: Ask = page => page.getByRole('button', { name: 'Start', exact: true }).click()

async function askForCode(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'Pairing code' }).check()
  await page.locator('#country option').nth(1).waitFor({ state: 'attached' })
  await page.getByLabel('Phone number').fill('+254712345678')
  await page.getByRole('button', { name: 'Get a pairing code' }).click()
}

/** How the server answers with this error. */
export function answerOf(error: GatewayError): Answer {
  return {
    status: error.status,
    headers: { 'retry-after': String(error.retryAfterSeconds ?? 0) },
    body: problemOf(error, 'request-of-gallery'),
  }
}

/** A start that the server answers with this error. */
function refused(name: string, about: string, error: GatewayError, act = pressStart): Picture {
  return { name, about, start: answerOf(error), act }
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
  refused('limit', 'Too many attempts: the button says when again.', tooManyAttempts(95)),
  refused(
    'limit-code',
    'Too many attempts with a code, for hours: the button says when again, and the other ways are open.',
    tooManyAttempts(8 * 60 * 60),
    askForCode,
  ),
  refused('node-full', 'Every place is taken, in the queue too.', nodeFull()),
  refused('linking-closed', 'The operator has closed linking to visitors (LINK_PAGE=off).', linkingClosed()),
  refused('not-ready', 'The database does not answer.', new DatabaseUnavailableError('ECONNREFUSED')),
  refused('whatsapp-unreachable', 'WhatsApp cannot be reached.', startFailed('whatsapp_unreachable')),
  {
    ...refused(
      'start-blocked',
      'Something stands between this server and WhatsApp: only the operator can help.',
      startFailed('whatsapp_intercepted'),
    ),
    settings: { supportUrl: 'https://example.org/support' },
  },
  refused(
    'code-refused',
    'WhatsApp gives no code: the QR code is offered instead.',
    startFailed('code_refused'),
    askForCode,
  ),
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
    act: pressStart,
  },
]
