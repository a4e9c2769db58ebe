import type { LinkAttemptView, LinkPhase } from '../../contract/linking.js'
import { GatewayProblem, NoAnswer } from '../gateway/ask-gateway.js'
import { CliError } from '../cli-error.js'
import { createBell } from './bell.js'
import type { LinkClient } from './link-client.js'
import { listenForNews } from './live-news.js'

export type FollowDeps = {
  client: Pick<LinkClient, 'view' | 'openFeed'>
  /** A view was read: the first one, and whenever there was news. */
  onView: (view: LinkAttemptView) => void
  /** Reading failed; it is tried again. */
  onSilence: () => void
  /** Ends the following. */
  signal: AbortSignal
  timing?: Partial<FollowTiming>
}

/** All in milliseconds. */
export type FollowTiming = {
  /** Between readings while no news come by themselves. */
  pollMs: number
  /** Between readings while they do: a line can die without a sign. */
  checkMs: number
  /** Silence that is borne before giving up; a gateway that restarts takes less. */
  patienceMs: number
}

const usualTiming: FollowTiming = { pollMs: 2_000, checkMs: 15_000, patienceMs: 60_000 }

const ends: ReadonlySet<LinkPhase> = new Set<LinkPhase>(['complete', 'expired', 'cancelled', 'failed'])

/**
 * Follows an attempt to its end, live by WebSocket, by polling where there is none.
 * @returns the view of the end; `null` when the signal came first
 * @throws CliError when the attempt is not known any more, or the gateway is silent for too long
 */
export async function followAttempt({
  client,
  onView,
  onSilence,
  signal,
  ...deps
}: FollowDeps): Promise<LinkAttemptView | null> {
  const timing = { ...usualTiming, ...deps.timing }
  const bell = createBell()
  const news = listenForNews({ open: client.openFeed, onNews: bell.ring })
  signal.addEventListener('abort', bell.ring)
  let silentSince: number | null = null
  try {
    while (!signal.aborted) {
      const view = await readOrSilence(client)
      if (signal.aborted) break
      if (view instanceof CliError) {
        silentSince ??= Date.now()
        if (Date.now() - silentSince > timing.patienceMs) throw view
        onSilence()
      } else {
        silentSince = null
        onView(view)
        if (ends.has(view.phase)) return view
      }
      await bell.wait(news.live && silentSince === null ? timing.checkMs : timing.pollMs)
    }
    return null
  } finally {
    signal.removeEventListener('abort', bell.ring)
    news[Symbol.dispose]()
  }
}

/** Trouble that may pass is an answer; everything else is thrown. */
async function readOrSilence(client: FollowDeps['client']): Promise<LinkAttemptView | CliError> {
  try {
    return await client.view()
  } catch (error) {
    if (error instanceof NoAnswer) return error
    if (!(error instanceof GatewayProblem)) throw error
    if (error.code === 'attempt_not_found') {
      throw new CliError('The gateway does not know this attempt any more.', 'Start again.')
    }
    return error
  }
}
