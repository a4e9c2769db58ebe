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
  const sides = createSides(part('sides', HTMLElement))
  const panel = createPhonesPanel({
    api,
    picture: createLinkingFrame(part('link-frame', HTMLIFrameElement)),
    showLinkingPage: () => sides.show('link'),
    say: text => setText(notice, text),
  })
  part('side-phones', HTMLElement).replaceChildren(panel.element)
  followPhones({
    open: () => new EventSource('/demo/api/events'),
    onView: view => {
      panel.show(view)
      sides.mark('phones', panel.unread() > 0)
    },
    onHealth: up => setText(notice, up ? '' : 'The demo does not answer. Is it still running in its terminal?'),
  })
}

run()
