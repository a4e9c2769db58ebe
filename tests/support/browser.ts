import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

/** Where Debian, Ubuntu, Fedora, macOS and Google's own packages put it. */
const SYSTEM_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

let browser: Promise<Browser> | undefined

/**
 * The one browser of this test process: `CHROMIUM_PATH`, else the system's Chromium or Chrome, else the one playwright-core has
 * downloaded. Tests open contexts of their own and close those; the browser itself ends with the process.
 *
 * @throws Error naming the command that installs a browser when there is none
 */
export function sharedBrowser(): Promise<Browser> {
  browser ??= launch().catch((error: unknown) => {
    browser = undefined
    throw error
  })
  return browser
}

async function launch(): Promise<Browser> {
  // Chromium's own sandbox refuses to run as root, which is what containers are.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const launched = await chromium.launch({ executablePath: findBrowser(), args: sandbox })
  // A browser that has crashed is not handed out again.
  launched.once('disconnected', () => (browser = undefined))
  return launched
}

function findBrowser(): string {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen) {
    if (existsSync(chosen)) return chosen
    throw new Error(`CHROMIUM_PATH names ${chosen}, where there is nothing.`)
  }
  const found = [...SYSTEM_BROWSERS, chromium.executablePath()].find(path => existsSync(path))
  if (found !== undefined) return found
  throw new Error('These tests need Chromium. Install it with: npx playwright-core install --with-deps chromium')
}
