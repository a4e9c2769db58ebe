import { readAnswer, type Answer } from './visitor.js'

/** Somebody who signs in: a program that keeps both tokens itself. */
export class Person {
  accessToken = ''
  refreshToken = ''
  userId = ''
  workspaceId = ''

  constructor(
    readonly url: string,
    readonly email: string,
    public password: string,
  ) {}

  /** As nobody. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return readAnswer(response)
  }

  /** With the access token. */
  asks(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.ask(method, path, body, { authorization: `Bearer ${this.accessToken}` })
  }

  /** @param token behind the # of a link */
  claim(token: string, name = 'First Owner'): Promise<Answer> {
    return this.#signedInBy('/api/v1/auth/first-owner', { token, name })
  }

  accept(token: string, { name = 'Guest', code }: { name?: string; code?: string } = {}): Promise<Answer> {
    return this.#signedInBy('/api/v1/auth/accept-invitation', { token, name, ...(code !== undefined && { code }) })
  }

  signIn(more: { code?: string; workspaceId?: string } = {}): Promise<Answer> {
    return this.#signedInBy('/api/v1/auth/sign-in', more)
  }

  /** @param token absent: the one it has */
  async refresh(token = this.refreshToken): Promise<Answer> {
    const answer = await this.ask('POST', '/api/v1/auth/refresh', { refreshToken: token })
    this.#keep(answer)
    return answer
  }

  /** The status of what only a living access token may ask. */
  async me(): Promise<number> {
    return (await this.asks('GET', '/api/v1/me')).status
  }

  async #signedInBy(path: string, body: object): Promise<Answer> {
    const { email, password } = this
    const answer = await this.ask('POST', path, { email, password, tokenIn: 'body', ...body })
    this.#keep(answer)
    return answer
  }

  /** After what has ended the access token before. */
  keep({ body }: Answer): void {
    this.accessToken = String(body['accessToken'])
  }

  #keep(answer: Answer): void {
    if (answer.status !== 200) return
    this.keep(answer)
    this.refreshToken = String(answer.body['refreshToken'])
    this.userId = String(answer.body['userId'])
    this.workspaceId = String(answer.body['workspaceId'])
  }
}

export const tokenOf = (link: string): string => link.slice(link.indexOf('#') + 1)
