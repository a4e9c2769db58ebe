import type { SessionState } from '../../contract/sessions.js'

/**
 * Where a session may go from each state, itself included where only its reason changes. What is missing cannot happen, however late or
 * often somebody asks for it:
 *
 * - Nothing that a socket meets moves a session whose device is gone or not ours to use. Only a decision does, and it begins with `connecting`.
 * - A connected session never expires.
 * - Only a line that was there, or was being made, can be lost: a session that rests does not begin to reconnect.
 */
export const transitions: Readonly<Record<SessionState, readonly SessionState[]>> = {
  linking: ['connecting', 'connected'],
  connecting: [
    'connecting',
    'connected',
    'reconnecting',
    'disconnected',
    'handed_off',
    'logged_out',
    'banned',
    'expired',
    'superseded',
  ],
  connected: [
    'connected',
    'connecting',
    'reconnecting',
    'disconnected',
    'handed_off',
    'logged_out',
    'banned',
    'superseded',
  ],
  reconnecting: [
    'reconnecting',
    'connecting',
    'connected',
    'disconnected',
    'handed_off',
    'logged_out',
    'banned',
    'expired',
    'superseded',
  ],
  disconnected: [
    'disconnected',
    'connecting',
    'connected',
    'handed_off',
    'logged_out',
    'banned',
    'expired',
    'superseded',
  ],
  handed_off: ['connecting', 'expired', 'superseded'],
  // out of quarantine
  logged_out: ['connecting'],
  banned: ['connecting'],
  expired: ['connecting'],
  // taken back, which supersedes the newer one in turn
  superseded: ['connecting', 'expired'],
}

export function mayMove(from: SessionState, to: SessionState): boolean {
  return transitions[from].includes(to)
}
