import type { Browser, Page } from 'playwright-core'
import type { LinkMethod } from '../../src/contract/linking.js'
import type { Phone } from '../../src/simulator/index.js'
import { readQrPicture } from '../../src/simulator/phone/qr-picture.js'
import { LinkingTab } from './linking-page.js'
import { PageWitness } from './page-witness.js'
import { find, sought, type Sought } from './secret-search.js'

/** What the page says in the end. Countdowns are `…`, because nobody knows how long a busy machine has taken. */
export type Ending = {
  title: string | null
  message: string | null
  action: string | null
  /** What is said besides, of devices that the phone may list. */
  hint: string | null
  /** The main thing to do, of which there is to be one. */
  primary: string[]
  others: string[]
}

/** Longer than the server asks anybody to wait. */
const longMs = 16 * 60_000
const onShow: Record<LinkMethod, string> = { qr: '.qr-shown', code: '.code:not(.code-waiting)' }

let people = 0

/** A window that one person after the other sits down at. */
export class SharedWindow implements AsyncDisposable {
  private constructor(
    readonly page: Page,
    readonly witness: PageWitness,
  ) {}

  static async open(browser: Browser): Promise<SharedWindow> {
    const context = await browser.newContext({ viewport: { width: 480, height: 900 } })
    const witness = new PageWitness(context)
    const page = await context.newPage()
    await page.clock.install()
    return new SharedWindow(page, witness)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}

/** Somebody with an address of their own and a phone, who wants to link, and whom no page has seen before. */
export class LinkingPerson {
  readonly tab: LinkingTab
  readonly #secrets: Sought[] = []
  readonly #codes: string[] = []

  private constructor(
    readonly phone: Phone,
    readonly address: string,
    page: Page,
  ) {
    this.tab = LinkingTab.on(page)
  }

  static async arrive({ page }: SharedWindow, { url, phone }: { url: string; phone: Phone }): Promise<LinkingPerson> {
    people++
    const address = `198.51.${people >> 8}.${people & 255}`
    await page.goto('about:blank')
    const context = page.context()
    await context.clearCookies()
    await context.setExtraHTTPHeaders({ 'x-forwarded-for': address })
    await page.goto(url)
    return new LinkingPerson(phone, address, page)
  }

  /** Presses start, as somebody who wants this way. */
  async ask(method: LinkMethod): Promise<void> {
    if (method === 'code') return this.tab.askForCode(`+${this.phone.phoneNumber}`)
    await this.tab.page.getByRole('radio', { name: 'QR code' }).check()
    await this.tab.press('Start')
  }

  /** Waits until there is something to scan or to type. */
  async sees(method: LinkMethod): Promise<void> {
    await this.tab.page.locator(onShow[method]).last().waitFor()
  }

  /** The contents of the QR on show, or the code; remembered as a secret. */
  async reads(method: LinkMethod): Promise<string> {
    if (method === 'code') {
      const code = await this.tab.codeOnShow()
      this.#codes.push(code, code.replace('-', ''))
      return code
    }
    const picture = await this.tab.qrOnShow()
    const qr = readQrPicture(Buffer.from(picture.split(',')[1] ?? '', 'base64'))
    for (const part of qr.split(',')) if (part.length >= 12) this.#secrets.push(sought('a part of the QR', part))
    return qr
  }

  /** Scans or types what is on show. Rejects with what the phone says. */
  async agrees(method: LinkMethod): Promise<void> {
    const shown = await this.reads(method)
    await (method === 'qr' ? this.phone.scan(shown) : this.phone.enterCode(shown))
  }

  /** What is on show when the attempt, or the request for one, has ended; `null` before. */
  async ending(): Promise<Ending | null> {
    const read = await this.tab.page.evaluate(() => {
      const panel = document.querySelector('.panel-ended')
      const seen = (selector: string) =>
        [...(panel?.querySelectorAll<HTMLElement>(selector) ?? [])]
          .filter(element => element.checkVisibility())
          .map(element => element.innerText.replace(/\d+:\d+/, '…').replace(/\s*\(opens in a new tab\)/, ''))
      const first = (selector: string) => seen(selector)[0] ?? null
      return {
        title: first('h2'),
        message: first('.ended-message'),
        action: first('.ended-action'),
        hint: first('.hint'),
        primary: seen('.button-primary'),
        others: seen('button:not(.button-primary), a:not(.button-primary)'),
      }
    })
    return read.title === null ? null : read
  }

  /** Sets the clock of this browser forward, past whatever it was asked to wait. */
  waitLong(): Promise<void> {
    return this.tab.page.clock.fastForward(longMs)
  }

  /** What of this person's secrets stands in these lines. */
  async secretsIn(lines: readonly string[]): Promise<string[]> {
    const text = lines.join('\n')
    const cookies = (await this.tab.page.context().cookies()).map(({ name, value }) => sought(name, value))
    const known = [...this.#secrets, ...cookies, sought('the number', this.phone.phoneNumber)]
    const found = find(known, text)
    return this.#codes.some(code => text.includes(code)) ? [...found, 'a pairing code'] : found
  }
}
