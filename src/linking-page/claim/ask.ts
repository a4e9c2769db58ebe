import type { ClaimInfo } from '../../contract/identity.js'

/** What the server refuses, or that it could not be asked. `code` is the server's; sentences are for people. */
export type Refusal = { refused: true; code: string; message: string }

export type Answered = { refused: false; body: unknown }

const timeoutMs = 30_000

const unanswered: Refusal = {
  refused: true,
  code: 'no_answer',
  message: 'The server did not answer. Check your connection and try again.',
}

/** One question to the server that this page came from. */
export async function ask(path: string, body: object): Promise<Answered | Refusal> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const answer: unknown = response.status === 204 ? null : await response.json()
    return response.ok ? { refused: false, body: answer } : refusalOf(answer)
  } catch {
    return unanswered
  }
}

/** Problem JSON: what happened, the field at fault where there is one, else what to do. */
function refusalOf(answer: unknown): Refusal {
  if (!isRecord(answer) || typeof answer['code'] !== 'string') return unanswered
  const { code, detail, action, errors } = answer
  const first: unknown = Array.isArray(errors) ? errors[0] : null
  const fault =
    isRecord(first) && typeof first['path'] === 'string' ? `The ${first['path']} ${String(first['message'])}.` : action
  const sentences = [detail, fault].filter(sentence => typeof sentence === 'string')
  return { refused: true, code, message: sentences.join(' ') }
}

/** @returns null for what is no answer to that question */
export function readClaimInfo(body: unknown): ClaimInfo | null {
  if (!isRecord(body)) return null
  const { kind, workspace, role, email, dropsSecondFactor } = body
  if (kind === 'password') {
    return typeof email === 'string' && typeof dropsSecondFactor === 'boolean' ? (body as ClaimInfo) : null
  }
  const known = (kind === 'owner' || kind === 'invitation') && typeof workspace === 'string' && typeof role === 'string'
  return known && (email === null || typeof email === 'string') ? (body as ClaimInfo) : null
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
