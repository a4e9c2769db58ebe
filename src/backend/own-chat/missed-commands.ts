import type { Tenants } from '../database/tenant-transaction.js'
import type { Engine, InboundMessage } from '../engine/engine.js'
import { KeyRows } from '../engine/key-rows.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { takenCommands } from './own-chat-store.js'

/** A command that has waited longer is not answered any more. */
const windowSeconds = 3_600

export type MissedCommandsDeps = {
  tenants: Tenants
  engine: Pick<Engine, 'readOwnJournalled'>
  onMessage: (session: SessionIdentity, message: InboundMessage) => Promise<void>
}

/**
 * WhatsApp is told that a message came before anything can be done about it, and never tells it again. A process that ends in between has
 * its plaintext in the journal, and so has one that could not store an answer: what the session's owner wrote lately is gone through at the
 * next opening, or as soon as the database is back. What was answered stays answered.
 */
export function createMissedCommands({ tenants, engine, onMessage }: MissedCommandsDeps) {
  return async (identity: SessionIdentity): Promise<void> => {
    const rows = new KeyRows(identity.sessionId, identity.sealer)
    const { workspaceId } = identity
    const { journal, taken } = await tenants.read({ workspaceId }, async tx => ({
      journal: await rows.ownJournal(tx, windowSeconds),
      taken: await takenCommands(tx, identity.sessionId, windowSeconds),
    }))
    for (const journalled of journal.filter(({ stanza }) => !taken.has(stanza.id))) {
      const message = engine.readOwnJournalled(journalled)
      if (message !== null) await onMessage(identity, message)
    }
  }
}
