import { encodeSessionId, type SessionIdString } from '../../session/index.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { enqueueMessage } from '../outbox/outbox-store.js'
import type { OpenSession } from '../sessions/open-session.js'
import type { Cell, Sealer } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import { moveAttempt } from './attempts-store.js'
import { progress, type LinkKind } from './link-progress.js'
import { builtInTemplates, renderTemplate, templateFor } from './message-templates.js'
import { templateText } from './templates-store.js'

/** How long the phone has to share its app-state keys before the session ID is made without them (product contract L5). */
const appStateKeysMs = 10_000

export type DeliverySettings = {
  sessionIdPrefix: string
  sessionIdFormat: 'compact' | 'json'
  ownerUrl: string
  supportUrl: string | null
}

export type PrepareDeliveryDeps = { tenants: Tenants; events: EventLog; vault: Vault; settings: DeliverySettings }

export type PrepareDelivery = (session: OpenSession) => Promise<void>

const stringCell = (personId: string): Cell => ({ table: 'session_strings', column: 'string', row: personId })

/**
 * Makes the session ID string and stores it sealed under the person, together with both messages where they are wanted, in one transaction.
 * From then on every attempt to deliver uses the ids and bytes stored here.
 */
export function createPrepareDelivery({ tenants, events, vault, settings }: PrepareDeliveryDeps): PrepareDelivery {
  return async ({ identity, connection, appStateKeys }) => {
    const { workspaceId, sessionId, fence, sealer } = identity
    await appStateKeys(appStateKeysMs)
    const source = await connection.portableCredentials()
    const string = encodeSessionId(source, { prefix: settings.sessionIdPrefix, format: settings.sessionIdFormat })
    await tenants.transact({ workspaceId }, async tx => {
      await assertFence(tx, sessionId, fence)
      const session = await sessionRow(tx, sessionId)
      if (!(await moveAttempt(tx, sessionId, 'delivering', session.reason))) return
      await storeString(tx, sealer, { ...session, sessionId, string })
      const chat = `${session.phone_number}@s.whatsapp.net`
      const text = renderTemplate(await templateText(tx, vault, templateFor[session.mode], builtInTemplates), {
        number: session.phone_number,
        owner_url: settings.ownerUrl,
        support_url: settings.supportUrl,
      })
      if (session.deliver) {
        await enqueueMessage(tx, sealer, sessionId, { kind: 'secret', built: connection.buildText(chat, string) })
        await enqueueMessage(tx, sealer, sessionId, { kind: 'notice', built: connection.buildText(chat, text) })
      }
      await events.append(tx, progress(sessionId, 'delivering', session))
    })
  }
}

type SessionRow = LinkKind & { person_id: string; phone_number: string; reason: string | null; deliver: boolean }

/** The session with its attempt's reason: the session's own speaks of its connection, which may have been lost and found meanwhile. */
function sessionRow(tx: TenantTransactor, sessionId: string): Promise<SessionRow> {
  return tx.db
    .selectFrom('sessions')
    .innerJoin('link_attempts', 'link_attempts.session_id', 'sessions.id')
    .select(['sessions.person_id', 'sessions.phone_number', 'sessions.mode'])
    .select(['link_attempts.method', 'link_attempts.reason', 'link_attempts.deliver'])
    .where('sessions.id', '=', sessionId)
    .executeTakeFirstOrThrow()
}

/** Keeps the latest string of a person, sealed with the key of the session that it is of: it cannot be opened any longer than that one. */
export async function storeString(
  tx: TenantTransactor,
  sealer: Sealer,
  { person_id, sessionId, string }: { person_id: string; sessionId: string; string: SessionIdString },
): Promise<void> {
  const sealed = sealer.seal(stringCell(person_id), Buffer.from(string))
  await tx.db
    .insertInto('session_strings')
    .values({ workspace_id: tx.scope.workspaceId, person_id, session_id: sessionId, string: sealed })
    .onConflict(conflict =>
      conflict
        .columns(['workspace_id', 'person_id'])
        .doUpdateSet({ session_id: sessionId, string: sealed, created_at: new Date() }),
    )
    .execute()
}
