import { expect, test } from 'vitest'
import { focused, press, settled, title, useLinkingPage } from '../../tests/support/scripted-page.js'
import { complete, onward, pictures, preparing, scanned, scanning, sessionId } from './testing/sample-views.js'

const site = useLinkingPage()

function closedGate(): { opened: Promise<void>; open: () => void } {
  const listeners: (() => void)[] = []
  const opened = new Promise<void>(resolve => listeners.push(resolve))
  return { opened, open: () => listeners.forEach(listener => listener()) }
}

test('nothing is opened on the server before Start is pressed', async () => {
  const page = await site.open()
  await page.getByRole('button', { name: 'Start' }).waitFor()
  expect(site.gateway.requests.toSorted()).toEqual(['GET /api/page-settings', 'GET /api/sessions/current'])
  expect(site.gateway.socketsOpen).toBe(0)
})

test('a visitor is led from the code to the end, with the focus on each new step and nothing moving', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await title(page, 'Scan QR Code with WhatsApp Phone')
  await page.getByText('Open WhatsApp → Settings → Linked Devices → Scan this QR').waitFor()
  await page.getByText('Status: Scanning…').waitFor()
  await page.getByText('Time left: 2:00').or(page.getByText('Time left: 1:5')).waitFor()
  expect(await focused(page)).toBe('Scan QR Code with WhatsApp Phone')
  const plate = page.locator('.qr-plate')
  await page.locator(`.qr-shown[src="${pictures[0]}"]`).waitFor()
  await settled(page)
  const before = await plate.boundingBox()
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)

  site.gateway.view = { ...scanning, qrCode: pictures[1] }
  site.gateway.push('qr_code', { sessionId, qrCode: pictures[1], status: 'connecting', expiresInMs: 20_000 })
  await page.locator(`.qr-shown[src="${pictures[1]}"]`).waitFor()
  await expect.poll(() => page.locator('.qr').count()).toBe(1)
  expect(await plate.boundingBox()).toEqual(before)

  site.gateway.view = scanned
  site.gateway.push('qr_scanned', { sessionId })
  await title(page, 'Code scanned')
  expect(await page.locator('.qr').count()).toBe(0)
  site.gateway.view = preparing
  site.gateway.push('progress', { sessionId, status: 'connected', method: 'qr', step: 2, percent: 50 })
  await title(page, 'Preparing your session ID')
  expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('50')

  const reason = { code: 'older', message: 'An older session was replaced.', action: 'Update your bot.' }
  site.gateway.view = { ...complete, reason }
  site.gateway.push('complete', { sessionId, message: 'Setup complete!' })
  await title(page, 'All set')
  await page.getByText('Message 1 is your session ID.').waitFor()
  await page.getByText(reason.message).waitFor()
  expect(await focused(page)).toBe('All set')
  await expect.poll(() => site.gateway.socketsOpen).toBe(0)
  expect(site.complaints).toEqual([])
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length + location.search.length)).toBe(0)
})

test('a managed account ends with Setup Complete!', async () => {
  site.gateway.view = { ...complete, mode: 'managed', state: 'connected', status: 'connected' }
  const page = await site.open()
  await title(page, 'Setup Complete!')
})

test('a reload in the middle joins the same attempt', async () => {
  const page = await site.open()
  await press(page, 'Start')
  await title(page, 'Scan QR Code with WhatsApp Phone')
  await page.reload()
  await title(page, 'Scan QR Code with WhatsApp Phone')
  await page.locator('.qr-shown').waitFor()
  expect(site.starts()).toBe(1)
})

test('two tabs follow one attempt, and one cancels for both', async () => {
  const first = await site.open()
  const second = await site.open()
  await press(first, 'Start')
  await title(second, 'Scan QR Code with WhatsApp Phone')
  await press(second, 'Cancel')
  await title(second, 'Cancelled')
  await title(first, 'Cancelled')
  expect(site.starts()).toBe(1)
  await press(first, 'Start again')
  await title(first, 'Scan QR Code with WhatsApp Phone')
  expect(site.starts()).toBe(2)
})

test('Cancel pressed before the code is there cancels as soon as there is something to cancel', async () => {
  const usual = site.gateway.start
  const gate = closedGate()
  site.gateway.start = async () => {
    await gate.opened
    return usual()
  }
  const page = await site.open()
  await press(page, 'Start')
  await page.getByText('Status: Connecting…').waitFor()
  await press(page, 'Cancel')
  await page.getByText('Status: Cancelling…').waitFor()
  gate.open()
  await title(page, 'Cancelled')
  expect(site.gateway.requests).toContain(`DELETE /api/sessions/${sessionId}`)
})

test('an attempt that runs out offers one button', async () => {
  site.gateway.view = onward({ phase: 'expired', state: 'expired' })
  const page = await site.open()
  await title(page, 'This attempt has expired')
  expect(await page.getByRole('button').allInnerTexts()).toEqual(['Start again'])
})

test('the keyboard is enough', async () => {
  const page = await site.open()
  const start = page.getByRole('button', { name: 'Start' })
  await start.waitFor()
  await page.keyboard.press('Tab')
  expect(await page.locator(':focus').getAttribute('value')).toBe('qr')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Start')
  expect(await start.evaluate(node => getComputedStyle(node).outlineStyle)).toBe('solid')
  await page.keyboard.press('Enter')
  await page.locator('.qr-shown').waitFor()
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Cancel')
  await page.keyboard.press('Space')
  await title(page, 'Cancelled')
})
