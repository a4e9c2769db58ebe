import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { chooseCode, focused, press, title, useLinkingPage } from '../../tests/support/scripted-page.js'
import { entering, onward, pairingCode, pictures, queued, scanning, sessionId } from './testing/sample-views.js'

const site = useLinkingPage()
const codeTitle = 'Enter this code on your phone'

/** The server of these tests: a code for a number, a QR for none. */
function answerByMethod(): void {
  site.gateway.start = () => {
    const byCode = site.gateway.started.at(-1)?.includes('phoneNumber') === true
    site.gateway.view = byCode ? entering : { ...scanning, qrCode: pictures[0] }
    return { status: 200, body: { sessionId, ...(byCode ? { pairingCode } : { qrCode: pictures[0] }) } }
  }
}

async function askForCode(page: Page, number: string): Promise<void> {
  await chooseCode(page)
  await page.locator('#country').selectOption('KE')
  await page.getByLabel('Phone number').fill(number)
  await press(page, 'Get a pairing code')
}

test('a number becomes a code, spelt for listeners, and the phone’s answer is told without claiming more', async () => {
  answerByMethod()
  const page = await site.open()
  await askForCode(page, '0712 345678')
  await title(page, codeTitle)
  expect(site.gateway.started).toEqual(['{"phoneNumber":"+254712345678"}'])
  await page.getByText('For +254 712 345678').waitFor()
  await page.getByRole('img', { name: 'Pairing code: K, 7, A, B, dash, 2, 3, X, D' }).waitFor()
  await page.getByText(/^Time left: 2:4/).waitFor()
  expect(await focused(page)).toBe(codeTitle)

  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  site.gateway.view = { ...entering, codeEntered: true }
  site.gateway.push('pairing_code_entered', { sessionId })
  await page.getByText('If it says that the code is wrong, type the code again.').waitFor()
  site.gateway.view = onward({ method: 'code', phase: 'scanned', percent: 30 })
  site.gateway.push('qr_scanned', { sessionId })
  await title(page, 'Code accepted')
  expect(await page.getByText('Enter the code', { exact: true }).count()).toBe(1)
  expect(site.complaints).toEqual([])
})

test('the number stays in the memory of its tab: after a reload the code is there, the number is not', async () => {
  answerByMethod()
  const page = await site.open()
  await askForCode(page, '0712345678')
  await title(page, codeTitle)
  await page.reload()
  await page.getByText('For the number you typed').waitFor()
  const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, location.href]))
  expect(kept).not.toMatch(/712/)
  expect(kept).toContain('"whizlite-way":"code"')
})

test.each([
  ['', 'Type the number of the phone whose WhatsApp you want to link.'],
  ['0712', 'This number is too short.'],
  ['071234567890123', 'This number is too long.'],
  ['my phone', 'This is not a phone number.'],
])('the number “%s” is explained before anything is sent', async (number, sentence) => {
  const page = await site.open()
  await askForCode(page, number)
  await page.getByText(sentence).waitFor()
  const input = page.getByLabel('Phone number')
  expect(await input.getAttribute('aria-invalid')).toBe('true')
  expect(await input.evaluate(node => node === document.activeElement)).toBe(true)
  expect(site.gateway.requests.filter(line => line.startsWith('POST'))).toEqual([])
  await input.press('1')
  expect(await input.getAttribute('aria-invalid')).toBeNull()
})

test('digits are spaced as they are typed, the caret stays where it is, and a calling code chooses its country', async () => {
  const page = await site.open()
  await chooseCode(page)
  await page.locator('#country').selectOption('KE')
  const input = page.getByLabel('Phone number')
  const caret = () => input.evaluate((node: HTMLInputElement) => node.value.slice(0, node.selectionStart ?? 0))
  await input.pressSequentially('0712345678')
  expect(await input.inputValue()).toBe('0712 345678')
  for (let i = 0; i < 4; i += 1) await input.press('ArrowLeft')
  await input.press('Backspace')
  expect([await input.inputValue(), await caret()]).toEqual(['0712 35678', '0712 3'])
  await input.press('9')
  expect([await input.inputValue(), await caret()]).toEqual(['0712 395678', '0712 39'])
  await input.fill('+4915112345678')
  expect(await page.locator('#country').inputValue()).toBe('DE')
  await page.locator('#country').selectOption('FR')
  expect(await input.inputValue()).toMatch(/^\+33 /)
})

test('a number of another country without its plus sign is read as that, and its country is chosen', async () => {
  const page = await site.open()
  site.gateway.start = () => ({ status: 400, body: { code: 'validation_failed', detail: 'No.' } })
  await chooseCode(page)
  await page.locator('#country').selectOption('US')
  await page.getByLabel('Phone number').fill('254700000011')
  await press(page, 'Get a pairing code')
  await expect.poll(() => site.gateway.started).toEqual(['{"phoneNumber":"+254700000011"}'])
  await expect.poll(() => page.locator('#country').inputValue()).toBe('KE')
})

test('from one way to the other while an attempt runs, and back', async () => {
  answerByMethod()
  const page = await site.open()
  await press(page, 'Start')
  await page.locator('.qr-shown').waitFor()
  await press(page, 'Use a pairing code instead')
  await title(page, 'Use a pairing code instead')
  await press(page, 'Back to the QR code')
  await page.locator('.qr-shown').waitFor()
  expect(site.starts()).toBe(1)
  await press(page, 'Use a pairing code instead')
  await page.getByLabel('Phone number').fill('+254712345678')
  await press(page, 'Get a pairing code')
  await title(page, codeTitle)
  await press(page, 'Use a QR code instead')
  await page.locator('.qr-shown').waitFor()
  expect(site.gateway.started).toEqual(['{}', '{"phoneNumber":"+254712345678"}', '{}'])
})

test('the code is copied without its dash, and where the browser forbids it, selected', async () => {
  answerByMethod()
  await site.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.gateway.origin })
  const page = await site.open()
  await askForCode(page, '0712345678')
  await title(page, codeTitle)
  await press(page, 'Copy code')
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('K7AB23XD')

  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined })
    document.execCommand = () => false
  })
  await page.getByRole('button', { name: 'Copy code' }).click()
  await page.getByRole('button', { name: 'Selected' }).waitFor()
  expect(await page.evaluate(() => String(getSelection()).replaceAll(/\s/g, ''))).toBe('K7AB-23XD')
})

test('the queue tells the place, keeps asking, and becomes the code by itself', async () => {
  site.gateway.start = () => {
    site.gateway.view = { ...queued, method: 'code' }
    return { status: 200, body: { sessionId, queuePosition: 3 } }
  }
  await site.context.clock.install()
  const page = await site.open()
  await askForCode(page, '0712345678')
  await title(page, 'Waiting for a free place')
  await page.getByText('You are number 3 in the queue.').waitFor()
  const reads = () => site.gateway.requests.filter(line => line === `GET /api/sessions/${sessionId}`).length
  await expect.poll(() => site.gateway.socketsOpen).toBe(1)
  site.gateway.view = { ...queued, method: 'code', queuePosition: 1 }
  await page.clock.fastForward(15_000)
  await page.locator('.place-line', { hasText: 'You are next.' }).waitFor()
  const before = reads()
  await page.clock.fastForward(15_000)
  await expect.poll(reads).toBeGreaterThan(before)
  site.gateway.view = entering
  site.gateway.push('pairing_code', { sessionId, pairingCode, status: 'connecting', expiresInMs: 167_000 })
  await title(page, codeTitle)
})

test('on a phone the code is offered first, and a choice is kept for the visit', async () => {
  const browser = site.context.browser()
  const phone = await browser?.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
  const page = await phone?.newPage()
  await page?.goto(site.gateway.origin)
  expect(await page?.getByRole('radio', { name: 'Pairing code' }).isChecked()).toBe(true)
  await page?.getByRole('radio', { name: 'QR code' }).check()
  await page?.reload()
  await page?.getByRole('button', { name: 'Start' }).waitFor()
  await phone?.close()
})

test('a number that has reached its limit: the QR is the main thing to do, and the number can be another one', async () => {
  const body = { code: 'too_many_attempts', detail: 'There were too many attempts.', action: 'Wait a while.' }
  site.gateway.start = () => ({ status: 429, headers: { 'retry-after': '7200' }, body })
  const page = await site.open()
  await askForCode(page, '+254712345678')
  await title(page, 'Too many attempts')
  expect(await page.getByRole('button').allInnerTexts()).toEqual([
    'Use a QR code instead',
    expect.stringMatching(/^Try again (tomorrow )?at \d/),
    'Check the number',
  ])
  expect(await page.locator('.button-primary').allInnerTexts()).toEqual(['Use a QR code instead'])
  await press(page, 'Check the number')
  expect(await page.getByLabel('Phone number').inputValue()).toBe('+254 712 345678')
  await press(page, 'Get a pairing code')
  answerByMethod()
  await press(page, 'Use a QR code instead')
  await page.locator('.qr-shown').waitFor()
  expect(site.gateway.started.at(-1)).toBe('{}')
})
