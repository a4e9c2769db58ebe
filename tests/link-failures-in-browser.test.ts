import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { linkReason, type LinkReason } from '../src/backend/linking/link-reasons.js'
import { ENDINGS } from '../src/linking-page/endings.js'
import { claims, withoutConditions } from './gallery/claims.js'
import { saidOn } from './gallery/page-checks.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { linkingPage, LinkingTab } from './support/linking-page.js'
import { PageWitness } from './support/page-witness.js'
import { shortWaits } from './support/short-waits.js'
import { TestGateway } from './support/test-gateway.js'

type Failure = {
  what: string
  method: 'qr' | 'code'
  /** Before anything is shown, while it is shown, or once the phone has agreed. */
  at: 'start' | 'shown' | 'agreed'
  fault: [name: string, params?: Record<string, string | number | boolean>]
  reason: LinkReason
  /** Of the panel, where the reason has no heading of its own because the start itself was refused. */
  heading?: string
  /** The main button. */
  next: string
}

const refused = 'Linking could not begin'
const unreachable = 'No connection to WhatsApp'
const again = 'Start again'
const byQr = 'Use a QR code instead'
const wait = /^Try again/.source

const failures: Failure[] = [
  ...[200, 302, 401, 403, 405].map((status): Failure => {
    const params = status === 302 ? { status, location: 'http://127.0.0.1:9/login' } : { status }
    const fault: Failure['fault'] = ['upgrade-status', params]
    const rest = { reason: 'whatsapp_intercepted', heading: refused, next: wait } as const
    return { what: `${status} on the upgrade`, method: 'qr', at: 'start', fault, ...rest }
  }),
  ...[429, 503].map((status): Failure => {
    const fault: Failure['fault'] = ['upgrade-status', { status }]
    const rest = { reason: 'whatsapp_busy', heading: refused, next: wait } as const
    return { what: `${status} on the upgrade`, method: 'code', at: 'start', fault, ...rest }
  }),
  {
    what: 'silence',
    method: 'qr',
    at: 'start',
    fault: ['upgrade-silence'],
    reason: 'whatsapp_unreachable',
    heading: unreachable,
    next: wait,
  },
  {
    what: 'a reset connection',
    method: 'code',
    at: 'start',
    fault: ['upgrade-reset'],
    reason: 'whatsapp_unreachable',
    heading: unreachable,
    next: wait,
  },
  {
    what: '405 to a new device',
    method: 'qr',
    at: 'start',
    fault: ['fail-registration', { reason: 405 }],
    reason: 'engine_outdated',
    heading: refused,
    next: wait,
  },
  {
    what: '400 on a code',
    method: 'code',
    at: 'start',
    fault: ['code-answer', { code: 400 }],
    reason: 'code_refused',
    heading: refused,
    next: byQr,
  },
  {
    what: '429 on a code',
    method: 'code',
    at: 'start',
    fault: ['code-answer', { code: 429 }],
    reason: 'code_rate_limited',
    heading: 'Too many attempts',
    next: byQr,
  },
  {
    what: 'no answer to a code',
    method: 'code',
    at: 'start',
    fault: ['code-answer', { silent: true }],
    reason: 'code_unanswered',
    heading: unreachable,
    next: byQr,
  },
  shown('the line is cut', 'code', ['drop', { at: 'registering' }], 'connection_lost_early'),
  shown('the phone is too old', 'qr', ['downgrade', { at: 'registering' }], 'phone_outdated'),
  agreed('a passkey is asked for', 'code', ['passkey-request'], 'passkey_required'),
  agreed('the line is cut before it is told', 'qr', ['drop', { at: 'scan' }], 'connection_lost_early'),
  agreed('403 at login', 'qr', ['fail-next-login', { reason: 403 }], 'account_locked'),
  agreed('406 at login', 'code', ['fail-next-login', { reason: 406 }], 'account_banned'),
  agreed('405 at login', 'qr', ['fail-next-login', { reason: 405 }], 'server_not_accepted_late'),
]

function shown(what: string, method: 'qr' | 'code', fault: Failure['fault'], reason: LinkReason): Failure {
  return { what, method, at: 'shown', fault, reason, next: again }
}

function agreed(what: string, method: 'qr' | 'code', fault: Failure['fault'], reason: LinkReason): Failure {
  return { what, method, at: 'agreed', fault, reason, next: again }
}

let shared: SharedBrowser
let gateway: TestGateway
let context: BrowserContext
let witness: PageWitness
let number = 254_719_000_000

beforeAll(async () => {
  shared = await shareBrowser()
  gateway = await TestGateway.start({ pages: linkingPage() })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
})

beforeEach(async () => {
  context = await shared.browser.newContext({ viewport: { width: 480, height: 900 } })
  witness = new PageWitness(context)
})

afterEach(async () => {
  await gateway.simulator.fault('clear-faults')
  await gateway.simulator.fault('upgrade-silence', { off: true })
  await gateway.simulator.fault('upgrade-reset', { off: true })
  await context.close()
  expect(witness.problems).toEqual([])
})

test.each(failures)('$at, by $method: $what', async ({ method, at, fault, reason, heading, next }) => {
  const silent = fault[0] === 'upgrade-silence'
  using _ = shortWaits(silent ? new Map([[25_000, 500]]) : new Map())
  const phone = await gateway.simulator.phone(String(++number))
  const tab = await LinkingTab.open(context, gateway.url)
  if (at !== 'shown') await gateway.simulator.fault(...fault)
  if (method === 'qr') await tab.press('Start')
  else await tab.askForCode(`+${phone.phoneNumber}`)
  if (at !== 'start') await (method === 'qr' ? tab.qrOnShow() : tab.codeOnShow())
  if (at === 'shown') await gateway.simulator.fault(...fault)
  if (at === 'agreed') {
    const agree =
      method === 'qr' ? phone.scanPicture(await tab.screenshotWithQr()) : phone.enterCode(await tab.codeOnShow())
    // some of these failures are seen by the phone too
    await agree.catch(() => null)
  }

  await tab.shows(heading ?? ENDINGS[reason]?.title ?? '', 30_000)
  const words = linkReason(reason)
  await tab.page.getByText(words?.message ?? '', { exact: true }).waitFor()
  await tab.page.getByText(words?.action ?? '', { exact: true }).waitFor()
  const main = await tab.page.locator('.button-primary').filter({ visible: true }).allInnerTexts()
  expect(main).toEqual([expect.stringMatching(new RegExp(next))])
  const said = withoutConditions(await saidOn(tab.page))
  const state = at === 'start' ? 'trouble' : 'failed'
  const tooMuch = claims.filter(
    claim => !claim.states.includes(state) && claim.reasons?.includes(reason) !== true && claim.words.test(said),
  )
  expect(tooMuch.map(({ what }) => what)).toEqual([])
})
