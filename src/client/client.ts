import { createAsk, type Ask } from './ask.js'
import { endpoints } from './endpoints.js'
import { questionOf, type Endpoint } from './endpoint.js'
import { createLiveEvents, type LiveEvents } from './live/live-events.js'
import type { CallOptions, ClientOptions } from './options.js'

type Call<Input, Answer> =
  Record<string, never> extends Input
    ? (input?: Input, options?: CallOptions) => Promise<Answer>
    : (input: Input, options?: CallOptions) => Promise<Answer>

type CallsOf<Table> = {
  [Name in keyof Table]: Table[Name] extends Endpoint<infer Input, infer Answer> ? Call<Input, Answer> : never
}

type Groups = typeof endpoints

/** Everything below `/api/v1`, as `client.sessions.list()`, and live events. */
export type Client = { readonly [Name in keyof Groups]: CallsOf<Groups[Name]> } & {
  /** One socket for events; open it once and share it. */
  live(): LiveEvents
}

/**
 * A client of a gateway's API, for Node 20 and later and for browsers.
 * Calls throw `ProblemError` when the gateway refuses, `NoAnswerError` when it cannot be reached.
 */
export function createClient(options: ClientOptions): Client {
  const ask = createAsk(options)
  const groups = Object.entries(endpoints).map(([name, table]) => [name, callsOf(table, ask)])
  const calls = Object.fromEntries(groups) as Omit<Client, 'live'>
  return { ...calls, live: () => createLiveEvents({ ticket: () => calls.tickets.issue(), ...options }) }
}

function callsOf(table: Readonly<Record<string, Endpoint>>, ask: Ask): Record<string, unknown> {
  const call =
    (to: Endpoint) =>
    (input: Readonly<Record<string, unknown>> = {}, options: CallOptions = {}) =>
      ask(questionOf(to, input), options)
  return Object.fromEntries(Object.entries(table).map(([name, to]) => [name, call(to)]))
}
