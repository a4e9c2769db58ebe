import type { Browser, Page } from 'playwright-core'
import { stateNames, type StateName } from '../../src/linking-page/state-names.js'
import type { ScriptedGateway } from '../../src/linking-page/testing/scripted-gateway.js'
import { startScriptedGateway } from '../../src/linking-page/testing/scripted-gateway.js'
import type { Picture } from './picture.js'
import { gallery } from './pictures.js'

export interface Exhibit {
  state: StateName
  picture: Picture
}

/** The order of the gallery: the order of the states' list. */
export const exhibits: readonly Exhibit[] = stateNames.flatMap(state =>
  gallery[state].map(picture => ({ state, picture })),
)

export const formats = [
  { name: 'phone', width: 360, height: 740 },
  { name: 'desktop', width: 1280, height: 860 },
] as const
export const themes = ['light', 'dark'] as const

/** A picture's page as it stands, the same every time: the clock stands still and nothing moves. Good until the next one hangs. */
export interface Hanging {
  page: Page
  /** Errors of scripts, violations of the policy, and whatever else the browser's console calls an error. */
  complaints: string[]
}

/** The built page before a scripted gateway of its own; hangs one picture at a time, in one tab: a new one for each costs most of the time. */
export class Room implements AsyncDisposable {
  private complaints: string[] = []

  private constructor(
    private readonly page: Page,
    private readonly gateway: ScriptedGateway,
  ) {
    page.on('pageerror', error => this.complaints.push(error.message))
    page.on('console', message => {
      // the browser's own words about a refusal or a missing network, which the picture is about
      const expected = /Failed to load resource|WebSocket connection/.test(message.text())
      if (message.type() === 'error' && !expected) this.complaints.push(message.text())
    })
  }

  /** @param folder the built page */
  static async open(browser: Browser, folder: string): Promise<Room> {
    const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'Africa/Nairobi' })
    // each picture is a first visit
    await context.addInitScript(() => sessionStorage.clear())
    const page = await context.newPage()
    await page.clock.setFixedTime(new Date('2026-01-01T12:00:00Z'))
    return new Room(page, await startScriptedGateway(folder))
  }

  async hang({ state, picture }: Exhibit): Promise<Hanging> {
    const { page, gateway } = this
    await page.context().setOffline(false)
    await page.setViewportSize(formats[0])
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto('about:blank')
    const complaints = (this.complaints = [])
    this.tell(picture)
    await page.goto(gateway.origin)
    await picture.act?.(page, gateway)
    await page.locator(`body[data-state="${state}"]`).waitFor({ timeout: 15_000 })
    if (state === 'qr') await page.locator('.qr-shown').waitFor()
    await settled(page)
    return { page, complaints }
  }

  private tell({ view, after, settings, start, wish, silent }: Picture): void {
    const { gateway } = this
    const mode = view?.mode ?? after?.mode ?? 'handed_off'
    gateway.view = view ?? null
    gateway.settings = { mode, supportUrl: null, ownerUrl: 'github.com/mburuwhiz', logoUrl: null, ...settings }
    gateway.silent = silent === true
    const change = (): void => {
      if (after) gateway.view = after
    }
    gateway.start = () => {
      change()
      return start === 'hang' || !start ? new Promise(() => {}) : start
    }
    gateway.cancel = () => {
      change()
      return { status: 204 }
    }
    gateway.wish = () => wish ?? { status: 500 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    await this.gateway[Symbol.asyncDispose]()
  }
}

export async function settled(page: Page): Promise<void> {
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(animation => animation.finished)))
}
