import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RequestHandler } from 'express'
import type { BrowserContext, Page } from 'playwright-core'
import { builtPages } from '../../src/backend/http/pages.js'

/** Where the build puts the linking page. */
export const linkingPageFolder = fileURLToPath(new URL('../../dist/linking-page', import.meta.url))

/** The linking page as the build made it. */
export function linkingPage(): RequestHandler {
  if (!existsSync(`${linkingPageFolder}/index.html`)) throw new Error('The build is missing: run npm run build first.')
  return builtPages(linkingPageFolder)
}

/** One tab with the linking page, used as a person would. */
export class LinkingTab {
  private constructor(readonly page: Page) {}

  /** A tab that somebody else has opened. */
  static on(page: Page): LinkingTab {
    return new LinkingTab(page)
  }

  static async open(context: BrowserContext, url: string): Promise<LinkingTab> {
    const tab = new LinkingTab(await context.newPage())
    await tab.page.goto(url)
    return tab
  }

  press(button: string): Promise<void> {
    return this.page.getByRole('button', { name: button, exact: true }).click()
  }

  /** Waits until the panel with this heading is on show. */
  shows(heading: string, timeout = 20_000): Promise<void> {
    return this.page.getByRole('heading', { name: heading, level: 2, exact: true }).waitFor({ timeout })
  }

  /** A picture of the window, once a code is on show and nothing moves any more. */
  async screenshotWithQr(): Promise<Buffer> {
    await this.page.locator('.qr-shown').waitFor()
    await this.settled()
    return this.page.screenshot()
  }

  /** The picture the page shows as its code, as a data URL, as soon as there is one. */
  async qrOnShow(): Promise<string> {
    return (await this.page.locator('.qr-shown').last().getAttribute('src')) ?? ''
  }

  /** Asks for a code for a number, as a person would. */
  async askForCode(number: string): Promise<void> {
    await this.page.getByRole('radio', { name: 'Pairing code' }).check()
    await this.page.getByLabel('Phone number').fill(number)
    await this.press('Get a pairing code')
  }

  /** The pairing code on show, as soon as there is one. */
  async codeOnShow(): Promise<string> {
    await this.page.locator('.code:not(.code-waiting)').waitFor()
    return (await this.page.locator('.code').textContent()) ?? ''
  }

  async settled(): Promise<void> {
    await this.page.evaluate(() => Promise.allSettled(document.getAnimations().map(animation => animation.finished)))
  }

  focused(): Promise<string> {
    return this.page.evaluate(() => document.activeElement?.textContent ?? '')
  }
}
