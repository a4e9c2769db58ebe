import { expect, test } from 'vitest'
import { press, settled, title, useLinkingPage } from '../../tests/support/scripted-page.js'
import { complete, onward, preparing, scanned, sessionId } from './testing/sample-views.js'

const site = useLinkingPage()

test('a cancel that does not get through is said, and the attempt stays on show', async () => {
  site.gateway.cancel = () => ({ status: 503, body: { code: 'database_unavailable', detail: 'No.' } })
  const page = await site.open()
  await press(page, 'Start')
  await press(page, 'Cancel')
  await page.getByText('Cancelling has not been confirmed').waitFor()
  await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor()
})

test('a cancel that came too late is not shown as one: the link goes on, and says so', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  site.gateway.cancel = () => {
    site.gateway.view = preparing
    return { status: 204 }
  }
  await press(page, 'Cancel')
  await title(page, 'Preparing your session ID')
  await page.getByText('Cancelling has not been confirmed').waitFor()
  await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor()
  site.gateway.view = complete
  site.gateway.push('complete', { sessionId, message: 'Setup complete!' })
  await title(page, 'All set')
})

test('a cancel after the phone has agreed is under way until the attempt has ended', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  site.gateway.cancel = () => {
    site.gateway.view = scanned
    return { status: 204 }
  }
  await press(page, 'Cancel')
  await title(page, 'Code scanned')
  await page.getByRole('button', { name: 'Cancelling…' }).waitFor()
  await expect.poll(() => site.gateway.requests.at(-1)).toBe(`GET /api/sessions/${sessionId}`)
  await page.getByText('Status: Cancelling…').waitFor()
  site.gateway.view = onward({ phase: 'cancelled', state: 'disconnected' })
  site.gateway.push('link_ended', { sessionId, phase: 'cancelled', reason: 'cancelled_late' })
  await title(page, 'Cancelled')
})

test('a failure says what happened and what to do', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  const reason = { code: 'passkey', message: 'The phone asks for a passkey.', action: 'Confirm it on the phone first.' }
  site.gateway.view = onward({ phase: 'failed', state: 'disconnected', reason })
  site.gateway.push('link_ended', { sessionId, phase: 'failed', reason: reason.code })
  await title(page, 'Linking did not work')
  await page.getByText(reason.message).waitFor()
  await page.getByText(reason.action).waitFor()
  expect(await page.getByRole('button').allInnerTexts()).toEqual(['Start again'])
})

test('without a socket the page asks every few seconds', async () => {
  site.gateway.live = false
  const page = await site.open()
  await press(page, 'Start')
  await page.getByText('Checking every few seconds').waitFor()
  site.gateway.view = preparing
  await title(page, 'Preparing your session ID')
})

test('what was said while the socket was down is read after it is back', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  site.gateway.dropSockets()
  site.gateway.view = preparing
  await title(page, 'Preparing your session ID')
  await expect.poll(() => site.gateway.socketsOpen, { timeout: 10_000 }).toBe(1)
})

test('an attempt the server no longer knows is not shown as running', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  site.gateway.view = null
  site.gateway.dropSockets()
  await title(page, 'This attempt has ended')
})

test('too many attempts: the button waits as long as the server asked', async () => {
  const usual = site.gateway.start
  const body = { code: 'too_many_attempts', detail: 'Too many attempts from here.', action: 'Wait a little.' }
  site.gateway.start = () => ({ status: 429, headers: { 'retry-after': '2' }, body })
  const page = await site.open()
  await press(page, 'Start')
  await title(page, 'Too many attempts')
  await page.getByText(body.detail).waitFor()
  const again = page.getByRole('button', { name: 'Try again' })
  expect(await again.getAttribute('aria-disabled')).toBe('true')
  await again.click({ force: true })
  expect(site.starts()).toBe(1)
  site.gateway.start = usual
  await expect.poll(() => again.getAttribute('aria-disabled'), { timeout: 10_000 }).toBe('false')
  await again.click()
  await title(page, 'Scan QR Code with WhatsApp Phone')
})

test('offline is said, and over by itself', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await page.locator('.qr-shown').waitFor()
  const plate = page.locator('.qr-plate')
  await settled(page)
  const before = await plate.boundingBox()
  await site.context.setOffline(true)
  await page.getByText('You are offline').waitFor()
  expect(await plate.boundingBox()).toEqual(before)
  await site.context.setOffline(false)
  await page.getByText('You are offline').waitFor({ state: 'detached' })
})

test('a logo of the operator is shown, and a broken one gives way to the page’s own', async () => {
  site.gateway.settings.logoUrl = '/no-such-logo.svg'
  const page = await site.open()
  await page.getByRole('button', { name: 'Start' }).waitFor()
  await expect.poll(() => page.locator('#logo').getAttribute('src')).toMatch(/assets\/logo-.*\.svg$/)
})
