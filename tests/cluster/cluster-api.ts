import { z } from 'zod'

const patienceMs = 3_000
/** A gateway waits some seconds itself for what it has begun. */
const commandPatienceMs = 15_000

const Page = z.object({
  sessions: z.array(z.object({ sessionId: z.string(), state: z.string() })),
  next: z.string().nullable(),
})

const Answer = z.object({ state: z.string().optional(), code: z.string().optional() })

export type SessionCommand = { sessionId: string; name: string; body?: object }

/** `state` of an answer, `code` of a refusal. */
export type CommandAnswer = { status: number; state: string | null; code: string | null }

/** The gateways' own API, as an operator's program uses it. */
export class ClusterApi {
  constructor(private readonly serviceToken: string) {}

  /** One request; rejects when nobody answers for so long. */
  get(url: string, path: string, withinMs = patienceMs): Promise<Response> {
    const headers = { authorization: `Bearer ${this.serviceToken}` }
    return fetch(url + path, { headers, signal: AbortSignal.timeout(withinMs) })
  }

  /** A command of `/api/v1/sessions/{sessionId}`, asked of this node; rejects when nobody answers for so long. */
  async command(
    url: string,
    { sessionId, name, body = {} }: SessionCommand,
    withinMs = commandPatienceMs,
  ): Promise<CommandAnswer> {
    const response = await fetch(`${url}/api/v1/sessions/${sessionId}/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(withinMs),
    })
    const { state = null, code = null } = Answer.parse(await response.json())
    return { status: response.status, state, code }
  }

  /** What this node tells of itself, by name and labels as they stand there; `null` when it does not. */
  async figures(url: string): Promise<Map<string, number> | null> {
    const answer = await this.get(url, '/metrics').catch(() => null)
    if (answer?.ok !== true) return null
    const lines = (await answer.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
    return new Map(
      lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    )
  }

  /** The state of every session as this node tells it; `null` when it does not. */
  async states(url: string): Promise<Map<string, string> | null> {
    const states = new Map<string, string>()
    let after = ''
    try {
      do {
        const answer = await this.get(url, `/api/v1/sessions?limit=200${after}`)
        if (!answer.ok) return null
        const { sessions, next } = Page.parse(await answer.json())
        for (const { sessionId, state } of sessions) states.set(sessionId, state)
        after = next === null ? '' : `&cursor=${encodeURIComponent(next)}`
      } while (after !== '')
    } catch {
      return null
    }
    return states
  }
}
