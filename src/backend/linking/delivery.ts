import { encodeSessionId, type SessionIdString } from '../../session/index.js'
import type { LinkMode } from '../../contract/linking.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { enqueueMessage } from '../outbox/outbox-store.js'
import type { OpenSession } from '../sessions/open-session.js'
import type { Cell, Sealer } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import { builtInTemplates, renderTemplate, templateFor } from './message-templates.js'
import { templateText } from './templates-store.js'

export type DeliverySettings = {
  sessionIdPrefix: string
  sessionIdFormat: 'compact' | 'json'
  ownerUrl: string
  supportUrl: string | null
}

export type DeliveryDeps = { vault: Vault; settings: DeliverySettings }

/** After this long without both acks a delivery is over all the same, and says that it could not confirm (product contract L8). */
export const deliveryLimitMs = 60_000

/** How long the phone has to share its app-state keys before the session ID is made without them (product contract L5). */
const appStateKeysMs = 10_000

/** The session ID string of what a connection knows. @throws SessionIdError for an account that no string can carry */
export async function makeString(
  { sessionIdPrefix: prefix, sessionIdFormat: format }: DeliverySettings,
  { connection, appStateKeys }: OpenSession,
): Promise<SessionIdString> {
  await appStateKeys(appStateKeysMs)
  return encodeSessionId(await connection.portableCredentials(), { prefix, format })
}

/** Puts the string into the outbox, and behind it the message that tells a session of this mode what it is for. */
export async function enqueueDelivery(
  { vault, settings }: DeliveryDeps,
  tx: TenantTransactor,
  { identity: { sessionId, sealer }, connection }: OpenSession,
  { string, mode, phoneNumber }: { string: SessionIdString; mode: LinkMode; phoneNumber: string },
): Promise<void> {
  const chat = `${phoneNumber}@s.whatsapp.net`
  const text = renderTemplate(await templateText(tx, vault, templateFor[mode], builtInTemplates), {
    number: phoneNumber,
    owner_url: settings.ownerUrl,
    support_url: settings.supportUrl,
  })
  await enqueueMessage(tx, sealer, sessionId, { kind: 'secret', built: connection.buildText(chat, string) })
  await enqueueMessage(tx, sealer, sessionId, { kind: 'notice', built: connection.buildText(chat, text) })
}

export const stringCell = (personId: string): Cell => ({ table: 'session_strings', column: 'string', row: personId })

/** @param sealer the session's, so that the string cannot be opened any longer than what else is stored of it */
export async function storeString(
  tx: TenantTransactor,
  sealer: Sealer,
  { person_id, sessionId, string }: { person_id: string; sessionId: string; string: SessionIdString },
): Promise<void> {
  const sealed = await sealer.seal(tx, stringCell(person_id), Buffer.from(string))
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
