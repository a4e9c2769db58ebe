import type { DemoView } from '../view.js'

export type FollowDeps = {
  open: () => EventSource
  onView: (view: DemoView) => void
  /** False while the demo does not answer. The browser tries again by itself. */
  onHealth: (up: boolean) => void
}

/** A browser gives up for good on some answers; this is when it is asked again. */
const REOPEN_MS = 3_000

/** Shows every view that the demo tells, for as long as the page lives. */
export function followPhones(deps: FollowDeps): void {
  const source = deps.open()
  source.addEventListener('open', () => deps.onHealth(true))
  source.addEventListener('phones', event => {
    const view: DemoView = JSON.parse(String(event.data))
    deps.onView(view)
  })
  source.addEventListener('error', () => {
    deps.onHealth(false)
    if (source.readyState !== EventSource.CLOSED) return
    setTimeout(() => followPhones(deps), REOPEN_MS)
  })
}
