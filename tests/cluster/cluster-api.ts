import { z } from 'zod'

const patienceMs = 3_000

const Page = z.object({
  sessions: z.array(z.object({ sessionId: z.string(), state: z.string() })),
  next: z.string().nullable(),
})

/** The gateways' own API, as an operator's program uses it. */
export class ClusterApi {
  constructor(private readonly serviceToken: string) {}

  /** One request; rejects when nobody answers for so long. */
  get(url: string, path: string, withinMs = patienceMs): Promise<Response> {
    const headers = { authorization: `Bearer ${this.serviceToken}` }
    return fetch(url + path, { headers, signal: AbortSignal.timeout(withinMs) })
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
