/**
 * Whether a request whose answer got lost may be sent again by itself. `keyed`: under an idempotency key, by which the gateway knows it
 * again. `never`: the gateway looks at no key there, and to do it twice is not to do it once.
 */
export type Repeats = 'always' | 'keyed' | 'never'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One route of the API: what it takes and what it answers are known to the compiler alone. */
export type Endpoint<Input = never, Answer = unknown> = {
  method: Method
  /** With `:name` where a field of the input stands. */
  path: string
  repeats: Repeats
  readonly types?: (input: Input) => Answer
}

/**
 * @param method what is not part of the path is the query of a GET, the body of a POST or PATCH
 * @param path such as `/api/v1/sessions/:sessionId`
 * @param repeats where it is not what the method says
 */
export function endpoint<Input, Answer>(
  method: Method,
  path: string,
  repeats: Repeats = usually[method],
): Endpoint<Input, Answer> {
  return { method, path, repeats }
}

const usually: Record<Method, Repeats> = { GET: 'always', POST: 'keyed', PATCH: 'never', DELETE: 'never' }

export type Question = { method: Method; path: string; repeats: Repeats; body?: string }

/** An endpoint and what is given to it, as a request. */
export function questionOf({ method, path, repeats }: Endpoint, input: Readonly<Record<string, unknown>>): Question {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const filled = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = rest.get(name)
    if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is needed`)
    rest.delete(name)
    return encodeURIComponent(value)
  })
  if (method === 'POST' || method === 'PATCH') {
    return { method, path: filled, repeats, body: JSON.stringify(Object.fromEntries(rest)) }
  }
  const pairs = [...rest].map(([name, value]): [string, string] => [name, String(value)])
  const query = new URLSearchParams(pairs).toString()
  return { method, repeats, path: query === '' ? filled : `${filled}?${query}` }
}
