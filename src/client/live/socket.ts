/** What live events use of a WebSocket. */
export interface Socket {
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  send(text: string): void
  close(code?: number): void
}

export type WebSocketClass = new (url: string) => Socket

/** The one that is given, the platform's own, or on Node 20, which has none, that of the package `ws`. */
export async function webSocketClass(given: WebSocketClass | undefined): Promise<WebSocketClass> {
  const own = (globalThis as { WebSocket?: WebSocketClass }).WebSocket
  return given ?? own ?? (await import('ws')).WebSocket
}

/** @param url of the API; @param ticket behind `token`, where nothing else may stand */
export function socketUrl(url: string, liveUrl: string | undefined, ticket: string): string {
  const base = liveUrl ?? `${url.replace(/\/+$/, '')}/ws`
  return `${base.replace(/^http/, 'ws')}?token=${encodeURIComponent(ticket)}`
}
