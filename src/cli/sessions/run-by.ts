import type { Told } from './ask-sessions.js'

/** Who has the session at work: one that is over, or that somebody has stopped, nobody. */
export function runBy({ state, mode, reason }: Pick<Told, 'state' | 'mode' | 'reason'>): string {
  switch (state) {
    case 'logged_out':
    case 'banned':
    case 'expired':
    case 'superseded':
      return 'nobody'
    case 'disconnected':
      if (reason?.code === 'stopped') return 'nobody'
  }
  return mode === 'managed' ? 'this gateway' : 'a bot'
}
