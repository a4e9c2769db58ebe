import type { LinkAttemptView, LinkMethod } from '../contract/linking.js'
import type { PhoneNumber } from '../contract/phone-number.js'
import type { LinkApi, Wish } from './api.js'
import { ApiFailure } from './api.js'
import { isOver } from './attempt.js'
import { readFrame } from './frames.js'
import type { LiveFeed, LiveFeedDeps } from './live.js'
import type { Happening, PageState, WishState } from './state.js'
import { initialState, reduce } from './state.js'
import type { Trouble } from './trouble.js'
import { goneTrouble, troubleWithoutAnswer } from './trouble.js'

export interface LinkerDeps {
  api: LinkApi
  openFeed: (deps: Pick<LiveFeedDeps, 'read' | 'onFrame' | 'onHealth' | 'checkMs'>) => LiveFeed
  /** Tells this browser's other tabs that the attempt changed; never what it is. */
  tellOtherTabs: () => void
  show: (state: PageState) => void
  now: () => number
  online: boolean
  /** How the visitor most likely wants to link. */
  way: LinkMethod
}

/** What the visitor, the network and the other tabs can ask of the page. Nothing rejects. */
export interface Linker {
  /** Reads the settings and joins the attempt this browser already has. */
  open(): Promise<void>
  /** By code when a number is given, by QR when null. An attempt of the other kind gives way on the server. */
  start(number: PhoneNumber | null): Promise<void>
  /** Once more what was started last. */
  startAgain(): Promise<void>
  chooseWay(way: LinkMethod): void
  /** Shows the number's field while an attempt by QR goes on, or leaves it again. */
  wantNumber(wanted: boolean): void
  /** Asks for a confirmation first where the wish cannot be taken back; `go` is that confirmation. */
  wish(wish: Wish, go: boolean): Promise<void>
  forgetWish(wish: Wish): void
  cancel(): Promise<void>
  /** Leaves a finished attempt and shows the first panel. */
  putAway(): void
  /** Looks whether this browser's attempt changed elsewhere: another tab, a long sleep. */
  lookAround(): Promise<void>
  setOnline(online: boolean): void
  /** The QR's time ran out without a new one being heard of. */
  refresh(): void
}

/** In the queue each reading is also the sign that somebody still waits. */
const QUEUE_CHECK_MS = 5000

export function createLinker(deps: LinkerDeps): Linker {
  let state = initialState(deps.online, deps.way)
  let feed: { of: string; live: LiveFeed } | null = null
  let heard = 0
  /** An ending was heard of; the sentence that explains it is still to be read. */
  let endingUnread = false
  /** The attempt whose cancelling the server has taken. Whether it ended, only a view read after that tells. */
  let cancelTaken: string | null = null

  function happen(happening: Happening): void {
    state = reduce(state, happening)
    followAttempt()
    deps.show(state)
  }

  /** The feed lives exactly as long as there is an attempt with something still to learn about. */
  function followAttempt(): void {
    const { attempt } = state
    const follow = attempt && (!isOver(attempt.phase) || endingUnread) ? attempt.sessionId : null
    if (feed?.of === follow) return
    feed?.live.close()
    feed = null
    if (follow) {
      const live = deps.openFeed({
        read: readView,
        checkMs: () => (state.attempt?.phase === 'queued' ? QUEUE_CHECK_MS : null),
        onFrame: hear,
        onHealth: health => happen({ type: 'health_changed', health }),
      })
      feed = { of: follow, live }
    }
  }

  function isCancelling(): boolean {
    return state.pending === 'cancel'
  }

  function hear(data: unknown): void {
    const event = readFrame(data)
    if (!event || event.sessionId !== state.attempt?.sessionId) return
    heard += 1
    endingUnread ||= event.event === 'complete' || event.event === 'link_ended'
    happen({ type: 'event_heard', event, at: deps.now() })
    if (event.event !== 'shown') feed?.live.nudge()
    if (endingUnread) deps.tellOtherTabs()
  }

  async function readView(): Promise<{ ok: boolean; waitMs: number }> {
    const sessionId = state.attempt?.sessionId
    if (!sessionId) return { ok: true, waitMs: 0 }
    try {
      for (;;) {
        const heardBefore = heard
        const afterCancel = cancelTaken === sessionId
        const view = await deps.api.read(sessionId)
        if (state.attempt?.sessionId !== sessionId) return { ok: true, waitMs: 0 }
        if (!view) {
          await joinCurrent()
          return { ok: true, waitMs: 0 }
        }
        // An answer that was under way when an event came may be older than the event.
        if (heard !== heardBefore) continue
        if (isReplaced(view)) {
          await joinCurrent()
          return { ok: true, waitMs: 0 }
        }
        endingUnread = false
        happen({ type: 'view_read', view, at: deps.now() })
        // one whose phone has just agreed ends with its login, and not at once
        if (afterCancel && view.phase !== 'scanned') happen({ type: 'cancel_refused' })
        return { ok: true, waitMs: 0 }
      }
    } catch (error) {
      return { ok: false, waitMs: troubleOf(error).waitMs }
    }
  }

  /** The attempt on show is unknown to the server: another tab may have started a newer one. */
  async function joinCurrent(): Promise<void> {
    const view = await deps.api.current()
    endingUnread = false
    if (view) happen({ type: 'joined', view, at: deps.now() })
    else if (state.attempt && !isOver(state.attempt.phase)) happen({ type: 'attempt_gone' })
    else followAttempt()
  }

  async function cancelNow(sessionId: string): Promise<void> {
    // without an answer it may have ended all the same: reading tells
    const taken = await deps.api.cancel(sessionId).catch(() => false)
    if (state.attempt?.sessionId !== sessionId) return
    cancelTaken = taken ? sessionId : null
    const { ok } = await readView()
    if (!taken) happen({ type: 'cancel_refused' })
    else if (!ok) feed?.live.nudge()
    deps.tellOtherTabs()
  }

  async function open(): Promise<void> {
    happen({ type: 'opening' })
    const [settings, current] = await Promise.allSettled([deps.api.settings(), deps.api.current()])
    if (current.status === 'rejected' || (settings.status === 'rejected' && !current.value)) {
      const failure: unknown =
        current.status === 'rejected' ? current.reason : settings.status === 'rejected' && settings.reason
      happen({ type: 'refused', what: troubleOf(failure), retry: 'open', at: deps.now() })
      return
    }
    const read = settings.status === 'fulfilled' ? settings.value : null
    happen({ type: 'opened', settings: read, view: current.value, at: deps.now() })
  }

  async function start(number: PhoneNumber | null): Promise<void> {
    if (state.pending) return
    endingUnread = false
    happen({ type: 'start_pressed', number })
    try {
      const started = await deps.api.start(number === null ? null : `+${number.digits}`)
      const cancelAtOnce = state.cancelWhenStarted
      happen({ type: 'started', started })
      deps.tellOtherTabs()
      if (cancelAtOnce) await cancelNow(started.sessionId)
    } catch (error) {
      happen({ type: 'refused', what: troubleOf(error), retry: 'start', at: deps.now() })
    }
  }

  function refusal(what: Trouble): WishState {
    return { stage: 'refused', what, told: deps.now() }
  }

  return {
    open,
    start,
    startAgain: () => start(state.way === 'code' ? state.number : null),
    chooseWay: way => happen({ type: 'way_chosen', way }),
    wantNumber: wanted => happen({ type: 'number_wanted', wanted }),
    async wish(wish, go) {
      const sessionId = state.attempt?.sessionId
      if (!sessionId || state.wishes[wish]?.stage === 'asking') return
      if (!go) {
        happen({ type: 'wish_changed', wish, to: { stage: 'confirming' } })
        return
      }
      happen({ type: 'wish_changed', wish, to: { stage: 'asking' } })
      const to = await deps.api.ask(wish, sessionId).then(
        (became): WishState => (became === 'unknown' ? refusal(goneTrouble()) : { stage: became, told: deps.now() }),
        (error: unknown) => refusal(troubleOf(error)),
      )
      if (state.attempt?.sessionId !== sessionId) return
      happen({ type: 'wish_changed', wish, to })
      // the session may have become another one's meanwhile
      if (to.stage === 'refused') await readView()
    },
    forgetWish: wish => happen({ type: 'wish_changed', wish, to: null }),
    async cancel() {
      if (isCancelling()) return
      happen({ type: 'cancel_pressed' })
      if (isCancelling() && state.attempt) await cancelNow(state.attempt.sessionId)
    },
    putAway() {
      happen({ type: 'put_away' })
    },
    async lookAround() {
      if (state.pending) return
      if (feed) {
        feed.live.nudge()
        return
      }
      try {
        const view = await deps.api.current()
        if (state.pending || feed) return
        const another = view !== null && view.sessionId !== state.attempt?.sessionId
        if (another && !isOver(view.phase)) happen({ type: 'joined', view, at: deps.now() })
        else if (state.attempt) await readView()
      } catch {
        // Nothing is running here; the next look may succeed.
      }
    },
    setOnline(online) {
      happen({ type: 'online_changed', online })
      if (!online) return
      if (state.trouble?.retry === 'open') void open()
      else feed?.live.nudge()
    },
    refresh() {
      feed?.live.nudge()
    },
  }
}

/** This browser has started another attempt, which took the place of this one. */
function isReplaced({ phase, reason }: LinkAttemptView): boolean {
  return phase === 'cancelled' && reason?.code === 'replaced_by_visitor'
}

function troubleOf(error: unknown): Trouble {
  return error instanceof ApiFailure ? error.trouble : troubleWithoutAnswer(true)
}
