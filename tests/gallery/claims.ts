import type { StateName } from '../../src/linking-page/state-names.js'

/** Words that claim something, and where it is known. */
export interface Claim {
  what: string
  words: RegExp
  /** States in which it is known to be so. */
  states: readonly StateName[]
  /** Reasons of the server whose sentence may say it. */
  reasons?: readonly string[]
}

const managed = ['complete-managed', 'confirm-revoke', 'resent', 'wish-refused'] as const
const finished = ['complete', 'complete-unconfirmed', ...managed] as const

export const claims: readonly Claim[] = [
  { what: 'the messages were delivered', words: /\b(delivered|arrived|received)\b/i, states: ['complete'] },
  { what: 'the messages were sent', words: /\b(has|have|were|was) (been )?sent\b/i, states: ['wish-refused'] },
  {
    what: 'the account is linked',
    words: /\b(is|are|was|were|been|now|successfully) linked\b|\bAll set\b|Setup Complete/i,
    states: [...finished, 'session-over'],
    reasons: ['superseded_older', 'linked_again_early'],
  },
  { what: 'it stays connected', words: /stays? connected/i, states: managed },
  {
    what: 'it is unlinked',
    words: /\b(been|was) (taken off|logged out|unlinked)\b|\bUnlinked\b/,
    states: ['unlinked', 'session-over'],
    reasons: ['cancelled_late', 'unlinked_early'],
  },
  { what: 'a phone scanned', words: /\bscanned (the|this|your) code\b|\bcode scanned\b/i, states: ['scanned'] },
  {
    what: 'a phone accepted',
    words: /\bphone (has )?accepted\b|\bcode accepted\b/i,
    states: ['accepted'],
    reasons: ['login_unfinished', 'server_not_accepted_late'],
  },
  {
    what: 'which code was typed',
    words:
      /\b(wrong|right|correct|incorrect|invalid) code\b|\bcode (is|was) (wrong|right|correct|incorrect|invalid)\b/i,
    states: [],
  },
  {
    what: 'a number is or is not on WhatsApp',
    words:
      /\b(not|isn[’']t|no longer) (registered|on|using|known to) (on |with )?WhatsApp|(no|not have|not use) WhatsApp\b(?! code)/i,
    states: [],
  },
  {
    what: 'the account is banned',
    words: /(?<!WhatsApp says that this )\baccount is (banned|blocked|locked)/i,
    states: [],
  },
  {
    what: 'how long the queue takes',
    words: /\b(about|around|in|within|less than) (a|an|one|\d+|a few) (second|minute|hour)/i,
    states: outsideOfQueue(),
  },
  { what: 'the session ID itself', words: /WHIZLITE_/, states: [] },
]

/** What is said under a condition, of the time before, or of nothing, claims nothing. */
export function withoutConditions(text: string): string {
  return text
    .replace(/\b(if|whether|unless|with the new code if)\b[^.!?\n]*/gi, '')
    .replace(/\bbefore (a|the|your|any)\b[^.!?\n]*/gi, '')
    .replace(/\bnothing was linked\b/gi, '')
}

/** Elsewhere a length of time is advice or the life of a code. */
function outsideOfQueue(): StateName[] {
  return ['qr', 'code', 'expired', 'failed', 'trouble', 'wish-refused']
}
