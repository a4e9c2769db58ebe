import { createLinkApi } from './api.js'
import { createTicker } from './countdown.js'
import type { Linker } from './linker.js'
import { createLinker } from './linker.js'
import { createLiveFeed } from './live.js'
import { connectOtherTabs } from './other-tabs.js'
import { createPage } from './render/page.js'
import { screenOf } from './screen.js'

const now = (): number => Date.now()

function part<T extends HTMLElement>(id: string, type: abstract new (...args: never[]) => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new TypeError(`The page has no #${id}`)
  return element
}

function socketAddress(): URL {
  const address = new URL('/ws', location.href)
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return address
}

function run(): void {
  const logo = part('logo', HTMLImageElement)
  const parts = {
    card: part('card', HTMLElement),
    explanation: part('explanation', HTMLElement),
    logo,
    ownLogo: logo.getAttribute('src') ?? '',
  }
  const page = createPage(parts, {
    open: () => void linker.open(),
    start: () => void linker.start(),
    cancel: () => void linker.cancel(),
    putAway: () => linker.putAway(),
    qrRanOut: () => linker.refresh(),
  })
  const otherTabs = connectOtherTabs(() => void linker.lookAround())
  const linker: Linker = createLinker({
    api: createLinkApi({ fetch: (path, init) => fetch(path, init), online: () => navigator.onLine, now }),
    openFeed: deps =>
      createLiveFeed({ ...deps, openSocket: () => new WebSocket(socketAddress()), random: () => Math.random() }),
    tellOtherTabs: () => otherTabs.tell(),
    show: state => page.show(screenOf(state)),
    now,
    online: navigator.onLine,
  })
  createTicker(at => page.tick(at), now)
  addEventListener('online', () => linker.setOnline(true))
  addEventListener('offline', () => linker.setOnline(false))
  addEventListener('pageshow', event => event.persisted && void linker.lookAround())
  document.addEventListener('visibilitychange', () => document.hidden || void linker.lookAround())
  void linker.open()
}

run()
