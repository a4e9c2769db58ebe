import type { LinkMethod, LinkMode } from '../contract/linking.js'
import type { PhoneNumber } from '../contract/phone-number.js'
import type { StateReason } from '../contract/sessions.js'
import type { Wish } from './api.js'
import type { Shown } from './attempt.js'
import type { Next, Told } from './endings.js'
import { ENDINGS, GONE } from './endings.js'
import { attemptOnScreen, stepsOf } from './attempt-screen.js'
import type { PageState, WishState } from './state.js'
import * as say from './sentences.js'

interface Waiting {
  key: string
  shown: Shown | null
  expiresAt: number | null
  cancelling: boolean
}

/** What the parts of a panel need that help depends on. */
export interface Links {
  supportUrl: string | null
}

/** The one panel on show. Panels with the same `kind` and `key` are the same panel, brought up to date. */
export type Panel =
  | { kind: 'loading'; key: string }
  | { kind: 'welcome'; key: string; mode: LinkMode; way: LinkMethod; problem: string | null }
  | { kind: 'number'; key: string }
  | ({ kind: 'scan' } & Waiting)
  | ({ kind: 'code'; number: PhoneNumber | null; entered: boolean } & Waiting)
  | { kind: 'queue'; key: string; place: number | null; method: LinkMethod; cancelling: boolean }
  | { kind: 'working'; key: string; title: string; tasks: Task[]; note: StateReason | null; cancelling: boolean }
  | ({ kind: 'complete'; key: string; mode: LinkMode; note: StateReason | null } & Links & Account)
  | ({ kind: 'ended'; key: string; told: Told; method: LinkMethod; number: PhoneNumber | null } & Links & Account)
  | ({ kind: 'trouble'; key: string; title: string; message: string; action: string; retry: Retry } & Links)

/** What the visitor may ask for once an account is managed here, and what became of it. */
export interface Account {
  can: readonly Wish[]
  wishes: Partial<Record<Wish, WishState>>
}

export interface Retry {
  what: 'open' | 'start'
  /** Not before this time (`Date.now()`); in the past when there is nothing to wait for. */
  notBefore: number
  /** The main thing to do: the same again, the other way because a code cannot be had, or the operator's help. */
  main: 'again' | 'qr' | 'operator'
  /** A code was asked for: there is the QR, and there may be another number. The same whatever the refusal, which tells nothing of a number. */
  otherWays: boolean
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
  method: LinkMethod
  logoUrl: string | null
  supportUrl: string | null
  ownerUrl: string | null
}

/** What the page shows in a given state. Pure, and the only place that decides it. */
export function screenOf(state: PageState): Screen {
  const { attempt, settings, way } = state
  const mode = attempt?.mode ?? settings?.mode ?? null
  const supportUrl = settings?.supportUrl ?? null
  const method = attempt?.method ?? way
  const brand = { logoUrl: settings?.logoUrl ?? null, supportUrl, ownerUrl: settings?.ownerUrl ?? null }
  const base = { notice: noticeOf(state), mode, method, ...brand, steps: null, status: '' }
  if (state.trouble) return { ...base, panel: troubleOnScreen(state, state.trouble, supportUrl), notice: '' }
  if (state.pending === 'open') return { ...base, panel: { kind: 'loading', key: '' } }
  if (state.pending === 'start') return { ...base, ...startOnScreen(state, mode ?? 'handed_off') }
  if (state.gone) {
    const { number } = state
    return {
      ...base,
      panel: { kind: 'ended', key: 'gone', told: GONE, method, number, supportUrl, can: [], wishes: {} },
    }
  }
  if (attempt) return { ...base, ...attemptOnScreen(attempt, state) }
  const problem = state.numberProblem
  return { ...base, panel: { kind: 'welcome', key: '', mode: mode ?? 'handed_off', way, problem } }
}

function troubleOnScreen(
  { way }: PageState,
  { what, at, retry }: NonNullable<PageState['trouble']>,
  supportUrl: string | null,
): Panel {
  const { message, action, code, reason, waitMs } = what
  const known = reason === null ? undefined : ENDINGS[reason]
  const otherWays = retry === 'start' && way === 'code' && what.answered
  // a limit may be one of the number alone
  const next = known?.next ?? (code === 'too_many_attempts' ? 'qr' : 'again')
  const main = mainOf(next, { otherWays, helped: supportUrl !== null })
  // whatever became of the request: what is known is that there is no code
  const title = known?.next === 'qr' ? known.title : what.title
  const again: Retry = { what: retry, notBefore: at + waitMs, main, otherWays }
  return { kind: 'trouble', key: `${code} ${at}`, title, message, action, retry: again, supportUrl }
}

function mainOf(next: Next, { otherWays, helped }: { otherWays: boolean; helped: boolean }): Retry['main'] {
  if (next === 'qr' && otherWays) return 'qr'
  return next === 'operator' && helped ? 'operator' : 'again'
}

/** Asked for, and not answered yet: the panel to come, still empty. */
function startOnScreen(state: PageState, mode: LinkMode): Pick<Screen, 'panel' | 'steps' | 'status'> {
  const waiting = { key: '', shown: null, expiresAt: null, cancelling: state.cancelWhenStarted }
  const panel: Panel =
    state.way === 'qr'
      ? { kind: 'scan', ...waiting }
      : { kind: 'code', number: state.number, entered: false, ...waiting }
  const status = state.cancelWhenStarted ? say.CANCELLING : say.OPENING[state.way]
  return { panel, steps: stepsOf(mode, state.way, 1, false, 0), status }
}

function noticeOf(state: PageState): string {
  const running = state.pending === 'start' || (state.attempt !== null && say.RUNNING.has(state.attempt.phase))
  if (!state.online) return running ? say.OFFLINE_RUNNING : say.OFFLINE
  if (!running) return ''
  if (state.cancelFailed) return say.CANCEL_FAILED
  if (state.health === 'lost') return say.SERVER_SILENT
  return state.health === 'polling' ? say.POLLING : ''
}
