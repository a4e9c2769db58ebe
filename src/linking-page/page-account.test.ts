import { expect, test } from 'vitest'
import { press, title, useLinkingPage } from './testing/browser-page.js'
import { managed, sessionId } from './testing/sample-views.js'

const site = useLinkingPage()

test('the session ID is sent once more, and too often is told with when again', async () => {
  site.gateway.view = managed
  site.gateway.wish = () => ({ status: 200, body: { queued: true } })
  const page = await site.open()
  await title(page, 'Setup Complete!')
  await press(page, 'Resend to my phone')
  await page.getByText('on its way to your own chat once more').waitFor()
  expect(site.gateway.requests).toContain(`POST /api/sessions/${sessionId}/resend`)

  const body = { code: 'too_many_attempts', detail: 'That was three times in an hour.', action: 'Look in your chat.' }
  site.gateway.wish = () => ({ status: 429, headers: { 'retry-after': '1260' }, body })
  await press(page, 'Resend to my phone')
  await page.getByText('That was three times in an hour. Look in your chat.').waitFor()
  expect(await page.getByRole('button', { name: /^Again in 2/ }).getAttribute('aria-disabled')).toBe('true')
})

test('revoke asks first, and can be thought better of', async () => {
  site.gateway.view = managed
  site.gateway.wish = () => ({ status: 200, body: { state: 'logged_out' } })
  const page = await site.open()
  await press(page, 'Revoke')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Keep it linked')
  await press(page, 'Keep it linked')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Revoke')
  expect(site.gateway.requests.filter(line => line.startsWith('POST'))).toEqual([])
  await press(page, 'Revoke')
  await press(page, 'Yes, unlink')
  await title(page, 'Unlinked')
  expect(site.gateway.requests).toContain(`POST /api/sessions/${sessionId}/revoke`)
})

test('an account that is no longer managed is not said to be connected', async () => {
  const { can: _none, ...gone } = managed
  site.gateway.view = gone
  const page = await site.open()
  await title(page, 'Setup Complete!')
  expect(await page.locator('#card').getByText('stays connected').count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Revoke' }).count()).toBe(0)
})
