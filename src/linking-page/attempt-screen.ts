import type { LinkMethod, LinkMode } from '../contract/linking.js'
import type { Attempt } from './attempt.js'
import type { Told } from './endings.js'
import { afterLink, endingOf, UNLINKED, UNLINKING } from './endings.js'
import type { Panel, Screen, Steps, Task } from './screen.js'
import type { PageState, WishState } from './state.js'
import * as say from './sentences.js'

type Shows = Pick<Screen, 'panel' | 'steps' | 'status'>

/** The panel, the steps and the status of the attempt that is on show. */
export function attemptOnScreen(attempt: Attempt, state: PageState): Shows {
  const { mode, phase, percent, method } = attempt
  const cancelling = state.pending === 'cancel'
  const status = cancelling ? say.CANCELLING : say.statusOf(phase, mode, method)
  switch (phase) {
    case 'queued':
    case 'starting':
    case 'scanning':
      return beforePhone(attempt, state, { status, cancelling })
    case 'scanned':
    case 'preparing':
    case 'delivering': {
      const done = phase === 'scanned' ? 0 : phase === 'preparing' ? 1 : 2
      const tasks = say.TASKS[mode].map((text, i): Task => {
        return { text, stage: i < done ? 'done' : i === done ? 'now' : 'later' }
      })
      const names = say.stepNames(mode, method)
      const title = phase === 'scanned' ? say.ACCEPTED_TITLE[method] : names[1]
      const key = phase === 'scanned' ? 'scanned' : 'preparing'
      const panel: Panel = { kind: 'working', key, title, tasks, note: attempt.reason, cancelling }
      return { panel, steps: stepsOf(mode, method, phase === 'scanned' ? 1 : 2, false, percent), status }
    }
    case 'complete':
      return { ...completeOnScreen(attempt, state), status }
    case 'expired':
    case 'cancelled':
    case 'failed':
      break
  }
  const supportUrl = state.settings?.supportUrl ?? null
  const told = endingOf(attempt, phase)
  const key = [phase, told.icon, told.next, told.besides ?? ''].join(' ')
  const { number } = state
  return { panel: { kind: 'ended', key, told, method, number, supportUrl, can: [], wishes: {} }, steps: null, status }
}

function beforePhone(
  attempt: Attempt,
  state: PageState,
  { status, cancelling }: { status: string; cancelling: boolean },
): Shows {
  const { mode, method, shown, expiresAt, percent } = attempt
  const steps = stepsOf(mode, method, 1, false, percent)
  if (state.askingNumber) return { panel: { kind: 'number', key: '' }, steps: null, status: '' }
  if (attempt.phase === 'queued') {
    return { panel: { kind: 'queue', key: '', place: attempt.place, method, cancelling }, steps, status }
  }
  const waiting = { key: '', shown, expiresAt, cancelling }
  if (method === 'qr') return { panel: { kind: 'scan', ...waiting }, steps, status }
  const entered = attempt.codeEntered
  const panel: Panel = { kind: 'code', number: state.number, entered, ...waiting }
  return { panel, steps, status: entered && !cancelling ? say.CODE_ENTERED : status }
}

function completeOnScreen(attempt: Attempt, state: PageState): Omit<Shows, 'status'> {
  const { mode, method, reason, can } = attempt
  const { wishes } = state
  const supportUrl = state.settings?.supportUrl ?? null
  const ended = endedSession(attempt, wishes.revoke)
  if (ended) return { panel: { kind: 'ended', ...ended, method, number: null, supportUrl, wishes }, steps: null }
  const panel: Panel = { kind: 'complete', key: '', mode, note: reason, supportUrl, can, wishes }
  return { panel, steps: stepsOf(mode, method, 3, true, 100) }
}

type EndedSession = { key: string; told: Told; can: Attempt['can'] }

function endedSession(attempt: Attempt, revoke: WishState | undefined): EndedSession | null {
  if (revoke?.stage === 'done') return { key: 'unlinked', told: UNLINKED, can: [] }
  const told = afterLink(attempt)
  const asked = revoke?.stage === 'later' && (told === null || attempt.session === 'disconnected')
  if (asked) return { key: 'unlinking', told: UNLINKING, can: [] }
  if (told === null) return null
  return { key: attempt.session === 'logged_out' ? 'unlinked' : 'session-over', told, can: attempt.can }
}

export function stepsOf(
  mode: LinkMode,
  method: LinkMethod,
  current: 1 | 2 | 3,
  finished: boolean,
  percent: number,
): Steps {
  return { names: say.stepNames(mode, method), current, finished, percent }
}
