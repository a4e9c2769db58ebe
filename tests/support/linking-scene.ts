import { expect } from 'vitest'
import { linkReason, type LinkReason } from '../../src/backend/linking/link-reasons.js'
import type { LinkMethod } from '../../src/contract/linking.js'
import { startSimulator, type Phone, type Simulator } from '../../src/simulator/index.js'
import { claims, withoutConditions } from '../gallery/claims.js'
import { saidOn } from '../gallery/page-checks.js'
import { shareBrowser, type SharedBrowser } from './browser.js'
import { expectNothingKept } from './link-remains.js'
import { linkingPage } from './linking-page.js'
import { LinkingPerson, SharedWindow } from './linking-person.js'
import { Rows } from './rows.js'
import { shortWaits } from './short-waits.js'
import { TcpProxy } from './tcp-proxy.js'
import { TestGateway } from './test-gateway.js'

export type Fault = [name: string, params?: Record<string, string | number | boolean>]

/** Waits of the server that end sooner: which, and when, in milliseconds. */
export type Waits = [ms: number, instead: number][]

/** How the page ends: its title, why, the one main thing to do, and what else may be pressed. */
export type End = [title: string, why: LinkReason | Words, primary: string, others?: string[]]
export type Words = { message: string; action: string }

type Parts = {
  browser: SharedBrowser
  window: SharedWindow
  simulator: Simulator
  /** The only way to WhatsApp: its connections can be counted, and it can be closed. */
  line: TcpProxy
  gateway: TestGateway
  rows: Rows
}

const support = 'https://support.example/'
let number = 254_716_000_000

/** One browser, one gateway, one WhatsApp, and a person after the other who wants to link. */
export class LinkingScene implements AsyncDisposable {
  readonly #triedWays = new Set<string>()
  #waits: Disposable = shortWaits(new Map())
  #linesBefore = 0
  #on: { phone: Phone; person: LinkingPerson } | null = null

  private constructor(private readonly parts: Parts) {}

  static async open(): Promise<LinkingScene> {
    const browser = await shareBrowser()
    const simulator = await startSimulator()
    const line = await TcpProxy.open(simulator.url)
    const env = {
      WHATSAPP_URL: line.through(simulator.url),
      SUPPORT_URL: support,
      // everybody has an address of their own
      TRUST_PROXY: 'loopback',
      LINK_MAX_PER_ADDRESS: '12',
    }
    const gateway = await TestGateway.start({ simulator, pages: linkingPage(), env })
    const rows = new Rows(gateway.database.ownerUrl)
    const window = await SharedWindow.open(browser.browser)
    return new LinkingScene({ browser, window, simulator, line, gateway, rows })
  }

  get simulator(): Simulator {
    return this.parts.simulator
  }

  get line(): TcpProxy {
    return this.parts.line
  }

  get gateway(): TestGateway {
    return this.parts.gateway
  }

  get phone(): Phone {
    return this.#now.phone
  }

  get person(): LinkingPerson {
    return this.#now.person
  }

  get #now(): { phone: Phone; person: LinkingPerson } {
    if (this.#on === null) throw new Error('nobody has entered')
    return this.#on
  }

  /** Somebody whom nobody knows opens the page. */
  async enter(url = this.gateway.url): Promise<void> {
    this.#linesBefore = this.gateway.logLines.length
    const phone = await this.anotherPhone()
    this.#on = { phone, person: await LinkingPerson.arrive(this.parts.window, { url, phone }) }
  }

  anotherPhone(): Promise<Phone> {
    return this.simulator.phone(String(++number))
  }

  shorten(waits: Waits): void {
    this.#waits[Symbol.dispose]()
    this.#waits = shortWaits(new Map(waits))
  }

  /** Nothing is wrong any more, and every wait is as long as it is. */
  async clear(): Promise<void> {
    const { simulator, line, rows } = this.parts
    this.#waits[Symbol.dispose]()
    for (const name of ['upgrade-silence', 'upgrade-reset']) await simulator.fault(name, { off: true })
    await simulator.fault('clear-faults')
    await line.restore()
    await rows.query('delete from connect_breakers')
  }

  /** The page has had no trouble with its own scripts or policy. */
  expectSoundPage(): void {
    expect(this.parts.window.witness.problems).toEqual([])
  }

  /** The page says this and no more, and offers one main thing to do. */
  async expectSaid([title, why, primary, others = []]: End): Promise<void> {
    const { message, action } = (typeof why === 'string' ? linkReason(why) : why) ?? {}
    const said = { title, message, action, primary: [primary], others }
    await expect.poll(() => this.person.ending()).toMatchObject(said)
    const { page } = this.person.tab
    const state = await page.evaluate(() => document.body.dataset['state'] ?? '')
    const words = withoutConditions(await saidOn(page))
    const tooMuch = claims.filter(claim => {
      const known = claim.states.some(name => name === state) || claim.reasons?.some(reason => reason === why)
      return known !== true && claim.words.test(words)
    })
    expect(tooMuch.map(({ what }) => what)).toEqual([])
  }

  /** Besides, nothing is left of the latest attempt: not here, not at WhatsApp, and on the phone nothing that the page does not speak of. */
  async expectEnd(end: End): Promise<void> {
    await this.expectSaid(end)
    const [latest] = await this.parts.rows.query<{ session_id: string }>(
      `select session_id from link_attempts order by created_at desc limit 1`,
    )
    await expectNothingKept(this.parts.rows, latest?.session_id ?? '')
    await this.expectNoTrace()
    const ghosts = (await this.phone.devices()).filter(device => device.confirmed)
    const said = await this.person.ending()
    if (ghosts.length > 0) expect(`${said?.action} ${said?.hint}`).toMatch(/linked devices|open whatsapp on the phone/i)
    expect(await this.phone.messages(this.phone.jid)).toEqual([])
  }

  /** Nobody is connected to WhatsApp any more, and nothing secret has been logged. */
  async expectNoTrace(): Promise<void> {
    await expect.poll(() => this.line.connections).toBe(0)
    expect(await this.person.secretsIn(this.#newLines)).toEqual([])
  }

  /**
   * Once all is well again, what the main button promises comes about, and can be left without a trace. Tried once for each kind of
   * panel and button, at the first row that comes to it.
   */
  async expectWayOn(method: LinkMethod, [title, , primary]: End): Promise<void> {
    const kind = `${title}, ${method}, ${primary}`
    if (this.#triedWays.has(kind)) return
    this.#triedWays.add(kind)
    const { tab } = this.person
    await this.clear()
    await this.person.waitLong()
    if (primary === 'Get help') {
      expect(await tab.page.getByRole('link', { name: primary }).getAttribute('href')).toBe(support)
      await tab.page.getByRole('button', { name: /^(Start|Try) again$/ }).click()
    } else await tab.press(primary.replace(' in …', ''))
    // the first panel, with the number as it was typed
    if (primary === 'Check the number') await tab.press('Get a pairing code')
    await this.person.sees(primary === 'Use a QR code instead' ? 'qr' : method)
    await tab.press('Cancel')
    await tab.shows('Cancelled')
    await this.expectNoTrace()
  }

  /** The link is complete: one device, both messages, and the session ID nowhere else. */
  async expectLinked(owner = this.phone): Promise<void> {
    await this.person.tab.shows('All set')
    await owner.waitForQuiet()
    const [first, , ...more] = await owner.messages(owner.jid)
    expect(first?.text).toMatch(/^WHIZLITE_/)
    expect(more).toEqual([])
    expect((await owner.devices()).map(({ confirmed }) => confirmed)).toEqual([true])
    expect(this.#newLines.join('\n')).not.toContain(first?.text?.slice(20, 60))
    await this.expectNoTrace()
  }

  get #newLines(): string[] {
    return this.gateway.logLines.slice(this.#linesBefore)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { browser, window, simulator, line, gateway, rows } = this.parts
    this.#waits[Symbol.dispose]()
    await window[Symbol.asyncDispose]()
    await rows[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
    await line[Symbol.asyncDispose]()
    await simulator.assertClean()
    await simulator.stop()
    await browser[Symbol.asyncDispose]()
  }
}
