/**
 * `whizlite/client`: a gateway's API and its live events, for Node 20 and later and for browsers.
 */
export { createClient, type Client } from './client.js'
export { NoAnswerError, ProblemError } from './errors.js'
export type { LiveEvents, LiveState, LiveTopics, SubscribeOptions } from './live/live-events.js'
export { LiveRefusedError, type LiveRefusal } from './live/positions.js'
export type { Socket, WebSocketClass } from './live/socket.js'
export type { CallOptions, ClientOptions, Proof } from './options.js'
