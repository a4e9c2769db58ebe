import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layoutFaults } from './gallery/page-checks.js'
import { accessibilityFaults, visibleFaults } from './support/accessibility.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { TestGateway } from './support/test-gateway.js'

const widths = { phone: 390, desktop: 1280 } as const

let shared: SharedBrowser
let gateway: TestGateway
let page: Page

beforeAll(async () => {
  shared = await shareBrowser()
  gateway = await TestGateway.start()
  page = await shared.browser.newPage({ viewport: { width: widths.phone, height: 800 } })
})
afterAll(async () => {
  await page.context().close()
  await gateway[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
})

const open = (target = '') => page.goto(`${gateway.url}/docs${target}`, { waitUntil: 'load' })

describe('the page of the API', () => {
  test('is an index of topics, from which every route is two steps away', async () => {
    await open()
    const links = page.locator('nav a')
    expect(await links.count()).toBeGreaterThan(8)
    expect(await links.allTextContents()).not.toContainEqual(expect.stringMatching(/^More/))
    expect(await page.locator('section > details').count()).toBe(gateway.routes.length)
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(16_000)
    await page.getByRole('link', { name: /^API keys/ }).click()
    const route = page.locator('details', { has: page.locator('#createApiKey') })
    await route.locator('summary').first().click()
    await expect.poll(() => route.locator('pre').first().textContent()).toContain('"scopes": [')
  })

  test('opens a route that a link names', async () => {
    await open('#createApiKey')
    await expect.poll(() => page.locator('#createApiKey').isVisible()).toBe(true)
    expect(await page.locator('section > details[open]').count()).toBe(1)
  })

  test('can be read by everybody, on a phone and a desktop, in light and dark', async () => {
    await open('#createApiKey')
    const faults = await accessibilityFaults(page)
    for (const [format, width] of Object.entries(widths)) {
      await page.setViewportSize({ width, height: 800 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const found = [...(await visibleFaults(page)), ...(await layoutFaults(page))]
        faults.push(...found.map(fault => `${format}, ${colorScheme}: ${fault}`))
      }
    }
    await page.setViewportSize({ width: 320, height: 640 })
    faults.push(...(await layoutFaults(page)))
    expect(faults).toEqual([])
  })
})
