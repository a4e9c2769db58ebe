import { isRecord } from './frames.js'

/** A request that did not work, as told to the visitor. */
export interface Trouble {
  /** The server's code, or `offline` / `unanswered` when there was no answer at all. */
  code: string
  /** The server has said no, so asking for something else may work. */
  answered: boolean
  /** Which of several cases with this code, where the server tells them apart. */
  reason: string | null
  title: string
  message: string
  action: string
  /** Milliseconds the server asked to wait before the next try. */
  waitMs: number
}

const TITLES: Record<string, string> = {
  attempt_running: 'An attempt is still under way',
  database_unavailable: 'The gateway is not ready',
  linking_closed: 'Linking is closed',
  node_full: 'Every place is taken',
  session_state: 'That is not possible any more',
  shutting_down: 'The gateway is restarting',
  too_many_attempts: 'Too many attempts',
  // also for what only stood in WhatsApp's place
  whatsapp_refused: 'Linking could not begin',
  whatsapp_unreachable: 'No connection to WhatsApp',
}

/** No limit of the server lasts longer: such a wait is a mistake somewhere, and the visitor may try again after this all the same. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000

/** @param retryAfter the header's value: seconds or an HTTP date (RFC 9110, 10.2.3) */
export function troubleFromProblem(problem: Record<string, unknown>, retryAfter: string | null, now: number): Trouble {
  const code = text(problem['code']) || 'internal_error'
  return {
    code,
    answered: true,
    reason: text(problem['reason']) || null,
    title: TITLES[code] ?? 'That did not work',
    message: fieldMessage(problem) || text(problem['detail']) || 'The gateway answered with an error.',
    action: text(problem['action']) || 'Try again in a moment.',
    waitMs: readWait(retryAfter, now),
  }
}

export function troubleWithoutAnswer(online: boolean): Trouble {
  return online
    ? {
        code: 'unanswered',
        answered: false,
        reason: null,
        title: 'The gateway does not answer',
        message: 'No answer came from the server behind this page.',
        action: 'Try again in a moment. If it stays like this, tell whoever runs this gateway.',
        waitMs: 0,
      }
    : {
        code: 'offline',
        answered: false,
        reason: null,
        title: 'You are offline',
        message: 'This device has no internet connection right now.',
        action: 'Reconnect, then try again.',
        waitMs: 0,
      }
}

/** The server knows the session no longer, or not as this browser's. */
export function goneTrouble(): Trouble {
  return {
    code: 'session_not_found',
    answered: true,
    reason: null,
    title: 'That did not work',
    message: 'The gateway no longer knows this session as yours.',
    action: 'On your phone, WhatsApp → Settings → Linked Devices shows what is linked.',
    waitMs: 0,
  }
}

function readWait(header: string | null, now: number): number {
  if (!header) return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : httpDate(header) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : 0
}

/** Only the form HTTP sends: `Date.parse` alone makes a year of almost any number. */
function httpDate(header: string): number {
  return /^[A-Z][a-z]{2}, \d{2} .* GMT$/.test(header) ? Date.parse(header) : Number.NaN
}

/** What is wrong with the one field this page sends, in words for people. */
function fieldMessage(problem: Record<string, unknown>): string {
  const [first] = Array.isArray(problem['errors']) ? (problem['errors'] as unknown[]) : []
  return isRecord(first) && first['path'] === 'phoneNumber' ? text(first['message']) : ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
