import type { BrowserContext, Page, Response, WebSocket } from 'playwright-core'

/** Where a page could hold something. */
export type Place = 'response' | 'request' | 'frame' | 'url' | 'console' | 'dom' | 'storage'

/** Writes down whatever reaches the pages of a browser context, by whichever way, so that it can be searched afterwards. */
export class PageWitness {
  readonly #seen = new Map<Place, string[]>()
  readonly #bodies: Promise<void>[] = []
  readonly #problems: string[] = []

  constructor(readonly context: BrowserContext) {
    context.on('page', page => this.#watch(page))
    context.on('request', request => {
      this.#note('url', request.url())
      this.#note('request', `${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
    })
    context.on('response', response => this.#bodies.push(this.#noteResponse(response)))
    context.on('console', message => {
      this.#note('console', message.text())
      // the browser's own words about an answer that is no success, such as a refused start, or about a server that is away
      if (message.type() === 'error' && !/^(Failed to load resource|WebSocket connection to)/.test(message.text())) {
        this.#problems.push(message.text())
      }
    })
    context.on('weberror', error => this.#problems.push(error.error().message))
  }

  /** Errors of the page's scripts and violations of its policy. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** Looks at what every page shows and stores now, and waits for the answers that are under way. */
  async look(): Promise<void> {
    for (const page of this.context.pages()) {
      this.#note('url', page.url())
      this.#note('dom', await page.content())
      this.#note('storage', await page.evaluate(() => JSON.stringify(Object.entries(sessionStorage))))
    }
    this.#note('storage', JSON.stringify(await this.context.storageState({ indexedDB: true })))
    await Promise.all(this.#bodies)
  }

  /** Where this text has been seen, in any page. */
  placesOf(text: string): Place[] {
    return [...this.#seen].filter(([, texts]) => texts.some(seen => seen.includes(text))).map(([place]) => place)
  }

  #watch(page: Page): void {
    page.on('framenavigated', frame => this.#note('url', frame.url()))
    page.on('websocket', socket => this.#watchSocket(socket))
  }

  /** Sees every change of a page's document from now on, not only what is there when somebody looks. */
  async watchDocuments(): Promise<void> {
    await this.context.exposeBinding('whatChanged', (_source, html: string) => this.#note('dom', html))
    await this.context.addInitScript(() => {
      const told = (window as unknown as { whatChanged(html: string): Promise<void> }).whatChanged
      new MutationObserver(() => void told(document.documentElement.outerHTML)).observe(document, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      })
    })
  }

  #watchSocket(socket: WebSocket): void {
    this.#note('url', socket.url())
    socket.on('framereceived', ({ payload }) => this.#note('frame', String(payload)))
    socket.on('framesent', ({ payload }) => this.#note('frame', String(payload)))
  }

  async #noteResponse(response: Response): Promise<void> {
    this.#note('response', JSON.stringify(await response.allHeaders().catch(() => ({}))))
    // an answer without a body, or one that a reload has thrown away
    this.#note('response', await response.text().catch(() => ''))
  }

  #note(place: Place, text: string): void {
    const texts = this.#seen.get(place) ?? []
    this.#seen.set(place, texts)
    texts.push(text)
  }
}
