import { forgetEndedKeys } from '../api-keys/keys-store.js'
import { forgetJournalled } from '../engine/journal-age.js'
import type { EventLog } from '../events/event-log.js'
import { forgetEvents } from '../events/forget-events.js'
import { forgetRequests } from '../idempotency/requests-store.js'
import { forgetInvitations, forgetLogins, forgetSignIns } from '../identity/forget-people.js'
import { endAbandoned, forgetAttempts, forgetStrings } from '../linking/forget-attempts.js'
import { clearSettled, forgetSettled } from '../outbox/clear-settled.js'
import { forgetCommands, forgetOwnChats } from '../own-chat/own-chat-store.js'
import { finishDeletions } from '../session-commands/finish-deletions.js'
import { expireUnused, quarantineEnded, tellExpiring } from '../sessions/expiry.js'
import { phoneOfflineNotices } from '../sessions/phone-offline.js'
import { keptDays } from '../sessions/retention.js'
import { forgetHistory, noteStillConnected } from '../sessions/session-history.js'
import { shredDue } from '../sessions/shred.js'
import type { Vault } from '../vault/vault.js'
import type { CleanupStep } from './workspace-cleanup.js'

export type CleanupStepsDeps = { events: EventLog; vault: Vault }

/** Rows that are only deleted or erased, in one transaction. */
const rowsAtOnce = 500
/** Sessions whose leases are locked at once. */
const sessionsAtOnce = 20

const ofRows = (name: string, run: CleanupStep['run']): CleanupStep => ({ name, atOnce: rowsAtOnce, run })
const ofSessions = (name: string, run: CleanupStep['run']): CleanupStep => ({
  name,
  atOnce: sessionsAtOnce,
  lasting: true,
  run,
})

/**
 * Everything that goes with time, in an order in which each step finds what the ones before it have left: owners are told before their
 * sessions expire, sessions expire before they are destroyed.
 */
export function cleanupSteps({ events, vault }: CleanupStepsDeps): CleanupStep[] {
  return [
    ofSessions('attempts_abandoned', (tx, limit) => endAbandoned({ events, vault }, tx, limit)),
    ofSessions('sessions_connected', noteStillConnected),
    ofSessions('phones_offline_told', (tx, limit) => phoneOfflineNotices(events, tx, limit)),
    ofSessions('sessions_expiring_told', (tx, limit) => tellExpiring(events, tx, limit)),
    ofSessions('sessions_expired', (tx, limit) => expireUnused(events, tx, limit)),
    ofSessions('deletions_finished', (tx, limit) => finishDeletions(events, tx, limit)),
    ofSessions('sessions_quarantined', quarantineEnded),
    ofSessions('sessions_shredded', (tx, limit) => shredDue({ events, vault }, tx, limit)),
    ofRows('strings', forgetStrings),
    ofRows('attempts', (tx, limit) => forgetAttempts(tx, keptDays.attempts, limit)),
    ofRows('commands', forgetCommands),
    ofRows('own_chats', forgetOwnChats),
    ofRows('journal', forgetJournalled),
    ofRows('sent_bytes', clearSettled),
    ofRows('sent_messages', (tx, limit) => forgetSettled(tx, keptDays.sentMessages, limit)),
    ofRows('events', (tx, limit) => forgetEvents(tx, keptDays.events, limit)),
    ofRows('history', forgetHistory),
    ofRows('idempotent_requests', forgetRequests),
    ofRows('api_keys', forgetEndedKeys),
    ofRows('invitations', forgetInvitations),
    ofRows('sign_ins', forgetSignIns),
    ofRows('logins', forgetLogins),
  ]
}
