import { createLinkApi } from './api.js'
import { createTicker } from './countdown.js'
import type { Linker } from './linker.js'
import { createLinker } from './linker.js'
import { createLiveFeed } from './live.js'
import { connectOtherTabs } from './other-tabs.js'
import { createPage } from './render/page.js'
import { screenOf } from './screen.js'
import { createVisitMemory } from './visit.js'

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
    people: part('people', HTMLElement),
  }
  const visit = createVisitMemory({
    storage: () => sessionStorage,
    onPhone: () => matchMedia('(pointer: coarse) and (width < 48rem)').matches,
  })
  const page = createPage(parts, {
    open: () => void linker.open(),
    start: number => void linker.start(number),
    startAgain: () => void linker.startAgain(),
    cancel: () => void linker.cancel(),
    putAway: () => linker.putAway(),
    chooseWay(way) {
      visit.choose(way)
      linker.chooseWay(way)
    },
    wantNumber: wanted => linker.wantNumber(wanted),
    wish: (wish, go) => void linker.wish(wish, go),
    forgetWish: wish => linker.forgetWish(wish),
    ranOut: () => linker.refresh(),
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
    way: visit.way(),
  })
  createTicker(at => page.tick(at), now)
  addEventListener('online', () => linker.setOnline(true))
  addEventListener('offline', () => linker.setOnline(false))
  addEventListener('pageshow', event => event.persisted && void linker.lookAround())
  document.addEventListener('visibilitychange', () => document.hidden || void linker.lookAround())
  void linker.open()
}

run()
