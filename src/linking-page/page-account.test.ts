import { expect, test } from 'vitest'
import { press, title, useLinkingPage } from '../../tests/support/scripted-page.js'
import { managed, sessionId } from './testing/sample-views.js'

const site = useLinkingPage()

test('the session ID is sent once more, and too often is told with when again', async () => {
  site.gateway.view = managed
  site.gateway.wish = () => ({ status: 200, body: { queued: true } })
  const page = await site.open()
  await title(page, 'Setup Complete!')
  await press(page, 'Resend to my phone')
  const told = page.locator('.account-told')
  await told.filter({ hasText: 'on its way to your own chat once more' }).waitFor()
  const before = await told.textContent()
  await expect
    .poll(async () => {
      await press(page, 'Resend to my phone')
      return told.textContent()
    })
    .not.toBe(before)
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
  await press(page, 'Revoke (unlink)')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Keep it linked')
  await press(page, 'Keep it linked')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Revoke (unlink)')
  expect(site.gateway.requests.filter(line => line.startsWith('POST'))).toEqual([])
  await press(page, 'Revoke (unlink)')
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
  expect(await page.getByRole('button', { name: 'Revoke (unlink)' }).count()).toBe(0)
})

test('a session that another link has replaced is found out by its refused wish, and told instead of it', async () => {
  const newer = { code: 'linked_again', message: 'The account was linked again.', action: 'Follow the newer one.' }
  site.gateway.view = managed
  site.gateway.wish = () => {
    const { can: _none, ...rest } = managed
    site.gateway.view = { ...rest, state: 'superseded', status: 'disconnected', reason: newer }
    return { status: 409, body: { code: 'session_state', detail: 'Not any more.', action: 'Link it again.' } }
  }
  const page = await site.open()
  await press(page, 'Resend to my phone')
  await title(page, 'A newer link took over')
  await page.getByText(newer.message).waitFor()
  expect(await page.locator('#card').getByText('stays connected').count()).toBe(0)
})

test('a session that something else has logged in with can be revoked, and not sent once more', async () => {
  const reason = { code: 'replaced', message: 'Something else has logged in.', action: 'If not your bot, end it.' }
  site.gateway.view = { ...managed, can: ['revoke'], state: 'disconnected', status: 'disconnected', reason }
  site.gateway.wish = () => ({ status: 200, body: { state: 'logged_out' } })
  const page = await site.open()
  await title(page, 'Not connected')
  await page.getByText(reason.message).waitFor()
  expect(await page.getByRole('button', { name: 'Resend to my phone' }).count()).toBe(0)
  await press(page, 'Revoke (unlink)')
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Keep it linked')
  expect(site.gateway.requests.filter(line => line.startsWith('POST'))).toEqual([])
  await press(page, 'Yes, unlink')
  await title(page, 'Unlinked')
  expect(site.gateway.requests).toContain(`POST /api/sessions/${sessionId}/revoke`)
  expect(await page.getByRole('button', { name: 'Revoke (unlink)' }).count()).toBe(0)
})

test('revoking such a session while WhatsApp cannot be reached is said to be under way', async () => {
  site.gateway.view = { ...managed, can: ['revoke'], state: 'disconnected', status: 'disconnected' }
  site.gateway.wish = () => ({ status: 200, body: { state: 'connecting' } })
  const page = await site.open()
  await press(page, 'Revoke (unlink)')
  await press(page, 'Yes, unlink')
  await title(page, 'Unlinking')
})

test('a page that has been away for a while looks what became of its session', async () => {
  site.gateway.view = managed
  const page = await site.open()
  await title(page, 'Setup Complete!')
  site.gateway.view = { ...managed, can: [], state: 'logged_out', status: 'disconnected' }
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await title(page, 'Unlinked')
})
