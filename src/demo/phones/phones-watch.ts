import type { DemoView } from '../view.js'

export type PhonesWatchDeps = {
  view: () => Promise<DemoView>
  /** milliseconds between two looks while somebody watches; default 300 */
  everyMs?: number
}

/** Tells watchers whenever anything on any phone changes. */
export interface PhonesWatch extends Disposable {
  /** Calls `tell` with the view as JSON, now and after every change. @returns ends it */
  subscribe(tell: (json: string) => void): () => void
  /** Something was just done: look at once. */
  nudge(): void
}

/**
 * The simulator has no news service, and its control channel answers in a millisecond: the phones are looked at over and over, but only
 * while somebody watches.
 */
export function watchPhones({ view, everyMs = 300 }: PhonesWatchDeps): PhonesWatch {
  const watchers = new Set<(json: string) => void>()
  let shown: string | null = null
  let looking = false
  let lookAgain = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    clearTimeout(timer)
    lookAgain = looking
    if (looking || watchers.size === 0) return
    looking = true
    // When the simulator is gone the demo ends; until then watchers keep what they have.
    const json = await view().then(
      seen => JSON.stringify(seen),
      () => shown,
    )
    looking = false
    if (json !== null && json !== shown) {
      shown = json
      for (const tell of watchers) tell(json)
    }
    if (lookAgain) void look()
    else if (watchers.size > 0) timer = setTimeout(() => void look(), everyMs)
  }

  return {
    subscribe(tell) {
      watchers.add(tell)
      if (shown !== null && watchers.size > 1) tell(shown)
      else shown = null
      void look()
      return () => watchers.delete(tell)
    },
    nudge: () => void look(),
    [Symbol.dispose]() {
      watchers.clear()
      clearTimeout(timer)
    },
  }
}
