import type { LinkMode } from '../contract/linking.js'
import type { StateReason } from '../contract/sessions.js'
import type { Attempt, Qr } from './attempt.js'
import type { PageState } from './state.js'
import * as say from './sentences.js'

/** The one panel on show. Panels with the same `kind` and `key` are the same panel, brought up to date. */
export type Panel =
  | { kind: 'loading'; key: string }
  | { kind: 'welcome'; key: string; mode: LinkMode }
  | { kind: 'scan'; key: string; qr: Qr | null; expiresAt: number | null; cancelling: boolean }
  | { kind: 'working'; key: string; title: string; tasks: Task[]; note: StateReason | null; cancelling: boolean }
  | { kind: 'complete'; key: string; mode: LinkMode; note: StateReason | null; supportUrl: string | null }
  | { kind: 'ended'; key: string; title: string; message: string; action: string; hint: string | null }
  | { kind: 'trouble'; key: string; title: string; message: string; action: string; retry: Retry }

export interface Retry {
  what: 'open' | 'start'
  /** Not before this time (`Date.now()`); in the past when there is nothing to wait for. */
  notBefore: number
}

export interface Task {
  text: string
  stage: 'done' | 'now' | 'later'
}

export interface Steps {
  names: readonly [string, string, string]
  current: 1 | 2 | 3
  /** All three are behind us. */
  finished: boolean
  percent: number
}

export interface Screen {
  panel: Panel
  /** Null when no attempt is running: there is no progress to show. */
  steps: Steps | null
  /** The visible status line, announced politely whenever it changes; empty when there is nothing to report. */
  status: string
  /** A remark about the connection to the server; empty when all is well. */
  notice: string
  /** Null until the server has said it. */
  mode: LinkMode | null
  logoUrl: string | null
}

/** What the page shows in a given state. Pure, and the only place that decides it. */
export function screenOf(state: PageState): Screen {
  const { attempt, settings } = state
  const mode = attempt?.mode ?? settings?.mode ?? null
  const base = { notice: noticeOf(state), mode, logoUrl: settings?.logoUrl ?? null }
  if (state.trouble) {
    const { what, at, retry } = state.trouble
    const { title, message, action, code } = what
    const panel: Panel = {
      kind: 'trouble',
      key: `${code} ${at}`,
      title,
      message,
      action,
      retry: { what: retry, notBefore: at + what.waitMs },
    }
    return { ...base, panel, steps: null, status: '', notice: '' }
  }
  if (state.pending === 'open') return { ...base, panel: { kind: 'loading', key: '' }, steps: null, status: '' }
  if (state.pending === 'start') {
    const panel: Panel = { kind: 'scan', key: '', qr: null, expiresAt: null, cancelling: state.cancelWhenStarted }
    const steps = stepsOf(mode ?? 'handed_off', 1, false, 0)
    return { ...base, panel, steps, status: state.cancelWhenStarted ? say.CANCELLING : say.OPENING }
  }
  if (state.gone) return { ...base, panel: { kind: 'ended', key: 'gone', ...say.GONE }, steps: null, status: '' }
  if (!attempt)
    return { ...base, panel: { kind: 'welcome', key: '', mode: mode ?? 'handed_off' }, steps: null, status: '' }
  return { ...base, ...attemptOnScreen(attempt, state) }
}

function attemptOnScreen(attempt: Attempt, state: PageState): Pick<Screen, 'panel' | 'steps' | 'status'> {
  const { mode, phase, percent } = attempt
  const cancelling = state.pending === 'cancel'
  const status = cancelling ? say.CANCELLING : say.STATUS[mode][phase]
  switch (phase) {
    case 'queued':
    case 'starting':
    case 'scanning': {
      const panel: Panel = { kind: 'scan', key: '', qr: attempt.qr, expiresAt: attempt.expiresAt, cancelling }
      return { panel, steps: stepsOf(mode, 1, false, percent), status }
    }
    case 'scanned':
    case 'preparing':
    case 'delivering': {
      const done = phase === 'scanned' ? 0 : phase === 'preparing' ? 1 : 2
      const tasks = say.TASKS[mode].map((text, i): Task => {
        return { text, stage: i < done ? 'done' : i === done ? 'now' : 'later' }
      })
      const title = phase === 'scanned' ? say.SCANNED_TITLE : say.STEPS[mode][1]
      const key = phase === 'scanned' ? 'scanned' : 'preparing'
      const panel: Panel = { kind: 'working', key, title, tasks, note: attempt.reason, cancelling }
      return { panel, steps: stepsOf(mode, phase === 'scanned' ? 1 : 2, false, percent), status }
    }
    case 'complete': {
      const supportUrl = state.settings?.supportUrl ?? null
      const panel: Panel = { kind: 'complete', key: '', mode, note: attempt.reason, supportUrl }
      return { panel, steps: stepsOf(mode, 3, true, 100), status }
    }
  }
  const ending = say.ENDINGS[phase]
  const panel: Panel = {
    kind: 'ended',
    key: phase,
    title: ending.title,
    message: attempt.reason?.message || ending.message(attempt.phoneAccepted),
    action: attempt.reason?.action || ending.action,
    hint: attempt.phoneAccepted ? say.CHECK_LINKED_DEVICES : null,
  }
  return { panel, steps: null, status }
}

function stepsOf(mode: LinkMode, current: 1 | 2 | 3, finished: boolean, percent: number): Steps {
  return { names: say.STEPS[mode], current, finished, percent }
}

function noticeOf(state: PageState): string {
  const running = state.pending === 'start' || (state.attempt !== null && say.RUNNING.has(state.attempt.phase))
  if (!state.online) return running ? say.OFFLINE_RUNNING : say.OFFLINE
  if (!running) return ''
  if (state.cancelFailed) return say.CANCEL_FAILED
  if (state.health === 'lost') return say.SERVER_SILENT
  return state.health === 'polling' ? say.POLLING : ''
}
