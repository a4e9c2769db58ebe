import { createPhonesApi } from './api.js'
import { createLinkingFrame } from './linking-frame.js'
import { followPhones } from './live.js'
import { createPhonesPanel } from './phones-panel.js'
import { createSides } from './sides.js'
import { setText } from '../../linking-page/render/element.js'

function part<T extends HTMLElement>(id: string, type: abstract new (...args: never[]) => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new TypeError(`The page has no #${id}`)
  return element
}

function run(): void {
  const notice = part('notice', HTMLElement)
  const api = createPhonesApi({ fetch: (path, init) => fetch(path, init) })
  const phonesSide = part('side-phones', HTMLElement)
  const panel = createPhonesPanel({
    api,
    picture: createLinkingFrame(part('link-frame', HTMLIFrameElement)),
    showLinkingPage: () => sides.show('link'),
    say: text => setText(notice, text),
  })
  phonesSide.replaceChildren(panel.element)

  const markNews = (): void => sides.mark('phones', panel.unread() > 0)
  const redraw = (): void => {
    panel.redraw()
    markNews()
  }
  const sides = createSides(part('sides', HTMLElement), redraw)
  document.addEventListener('visibilitychange', redraw)
  followPhones({
    open: () => new EventSource('/demo/api/events'),
    onView: view => {
      panel.show(view)
      markNews()
    },
    onHealth: up => setText(notice, up ? '' : 'The demo does not answer. Is it still running in its terminal?'),
  })
}

run()
