export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One route of the API: what it takes and what it answers are known to the compiler alone. */
export type Endpoint<Input = never, Answer = unknown> = {
  method: Method
  /** With `:name` where a field of the input stands. */
  path: string
  readonly types?: (input: Input) => Answer
}

/**
 * @param method what is not part of the path is the query of a GET, the body of a POST or PATCH
 * @param path such as `/api/v1/sessions/:sessionId`
 */
export function endpoint<Input, Answer>(method: Method, path: string): Endpoint<Input, Answer> {
  return { method, path }
}

export type Question = { method: Method; path: string; body?: string }

/** An endpoint and what is given to it, as a request. */
export function questionOf({ method, path }: Endpoint, input: Readonly<Record<string, unknown>>): Question {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const filled = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = rest.get(name)
    if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is needed`)
    rest.delete(name)
    return encodeURIComponent(value)
  })
  if (method === 'POST' || method === 'PATCH') {
    return { method, path: filled, body: JSON.stringify(Object.fromEntries(rest)) }
  }
  const pairs = [...rest].map(([name, value]): [string, string] => [name, String(value)])
  const query = new URLSearchParams(pairs).toString()
  return { method, path: query === '' ? filled : `${filled}?${query}` }
}
