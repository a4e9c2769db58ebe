import { expect } from 'vitest'
import type { Route } from '../../src/backend/http/route.js'
import { Problem } from '../../src/contract/errors.js'
import { generous } from './attack-scene.js'
import { PeopleRig } from './people-rig.js'
import { secret, send } from './refusals.js'
import { addressOf, nameOf, nothing, sampleOf } from './route-samples.js'
import { storedRows } from './stored-rows.js'

/** Somebody who may ask everything, and asks it badly. */
export class BadAsker implements AsyncDisposable {
  private constructor(readonly rig: PeopleRig) {}

  static async open(): Promise<BadAsker> {
    return new BadAsker(await PeopleRig.open({ env: generous }))
  }

  get routes(): readonly Route[] {
    return this.rig.gateway.routes
  }

  /** Of whoever a route lets in. */
  proofFor({ access }: Route): Record<string, string> {
    if (access === undefined) return {}
    const isForServices = access.kinds?.includes('service') ?? true
    return { authorization: `Bearer ${isForServices ? this.rig.service.token : this.rig.owner.accessToken}` }
  }

  /** One request, which must be refused in the form that all refusals have. @returns what is wrong about its answer */
  async refuses(route: Route, body: string, headers: Record<string, string> = {}): Promise<Refused> {
    const proof = { 'content-type': 'application/json', ...this.proofFor(route), ...headers }
    return this.#ask(route, addressOf(route, nothing()), proof, body)
  }

  /** As `refuses`, about what stands behind the question mark. */
  refusesQuery(route: Route, query: Record<string, string>): Promise<Refused> {
    return this.#ask(route, addressOf(route, nothing(), query), this.proofFor(route))
  }

  /** About something of another name; null: one that does not exist. What else the request says is good. */
  refusesId(route: Route, id: string | null): Promise<Refused> {
    const path = id === null ? addressOf(route, nothing()) : route.path.replace(/:\w+/, () => encodeURIComponent(id))
    const body = goodBody(route)
    const type = body && { 'content-type': 'application/json' }
    return this.#ask(route, path, { ...type, ...this.proofFor(route) }, body ? JSON.stringify(body) : undefined)
  }

  async #ask(route: Route, path: string, headers: Record<string, string>, body?: string): Promise<Refused> {
    const method = route.method.toUpperCase()
    const sent = method === 'GET' ? undefined : body
    const answer = await send(this.rig.gateway.url + path, method, headers, sent)
    const read = Problem.safeParse(answer.status >= 400 ? JSON.parse(answer.body) : null)
    const faults = [
      ...(answer.status < 400 || answer.status >= 500 ? [`answers ${answer.status}`] : []),
      ...(read.success && read.data.status === answer.status ? [] : ['has not the form of a problem']),
      ...(answer.body.includes(secret) ? ['repeats what was sent'] : []),
      ...(/node_modules|\bat .+:\d+|Error:|stack/.test(answer.body) ? ['tells of itself'] : []),
      ...(answer.headers.get('set-cookie') === null ? [] : ['sets a cookie']),
    ]
    const problem = read.data ?? null
    const said = `${nameOf(route)} with ${(body ?? path).slice(0, 120)}`
    return { status: answer.status, problem, faults: faults.map(fault => `${said}: ${fault}`), said }
  }

  /**
   * Whatever is asked meanwhile: nothing is stored, the log tells of no failure, and the gateway is well.
   * @param but tables that may change: who asks for what is not there for them is written down
   */
  async unchanged(work: () => Promise<void>, but = /^$/): Promise<void> {
    const { database, logLines, url } = this.rig.gateway
    const stored = async () =>
      Object.fromEntries(Object.entries(await storedRows(database.ownerUrl)).filter(([table]) => !but.test(table)))
    const before = await stored()
    await work()
    expect(await stored()).toEqual(before)
    expect(logLines.filter(line => /request_failed|unhandled/.test(line))).toEqual([])
    expect(await send(`${url}/health`, 'GET')).toMatchObject({
      status: 200,
      body: expect.stringContaining('"healthy"'),
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.rig[Symbol.asyncDispose]()
  }
}

export type Refused = { status: number; problem: Problem | null; faults: string[]; said: string }

/** Several at a time, in order. */
export async function eightAtOnce<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += 8) results.push(...(await Promise.all(items.slice(at, at + 8).map(work))))
  return results
}

/** The good body of a route; null: it takes none. */
export const goodBody = (route: Route): Record<string, unknown> | null => sampleOf(route).body?.(nothing()) ?? null
