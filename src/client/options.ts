import type { WebSocketClass } from './live/socket.js'

/** An access token, an API key or the service token. A function is asked for each request, and again (`renew`) when it was refused. */
export type Proof = string | ((renew: boolean) => string | Promise<string>)

export type ClientOptions = {
  /** Where the gateway is, such as `https://gateway.example.com`; a path in front of it is kept. */
  url: string
  /** Absent: only what anybody may ask. */
  token?: Proof
  /** With the service token: the user to act for. */
  userId?: string
  /** With `userId`: the workspace of that user, where it is not the operator's. */
  workspaceId?: string
  /** 30 seconds. */
  timeoutMs?: number
  /** How often a request that is safe to repeat is tried again; 2. */
  retries?: number
  /** Instead of the platform's own. */
  fetch?: typeof fetch
  /** Instead of the platform's own; on Node 20, which has none, the package `ws` is used. */
  WebSocket?: WebSocketClass
  /** Where live events are, if on a port of their own: `wss://gateway.example.com:3001/ws`. */
  liveUrl?: string
}

export type CallOptions = {
  signal?: AbortSignal
  /**
   * A text of your own that names this POST, so that the gateway carries it out once however often it arrives; with it, it is tried again.
   * The gateway looks at no key below `/api/v1/auth/`, at tickets, at exports, and where the method is another one: there it changes
   * nothing, and nothing is tried again but what is safe without it, which is every GET and the deletion of a session.
   */
  idempotencyKey?: string
  timeoutMs?: number
}
