import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { Engine } from '../engine/engine.js'
import type { EventLog } from '../events/event-log.js'
import { enqueueMessage, hasFarewell } from '../outbox/outbox-store.js'
import type { Vault } from '../vault/vault.js'
import type { ManagedSession } from './managed-session.js'
import { renderTemplate } from './message-templates.js'
import { templateText } from './templates-store.js'

const revokeTemplates = {
  revoked: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ ɢᴏᴏᴅʙʏᴇ*
│
├ 👋 *Status:* This server now takes its device off your account.
├ 🌐 *Number:* {{number}}
├ 🔑 *Session ID:* Any that you were sent stops working with it.
├ 💡 *Next Step:* Link again on the page whenever you like.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,
} as const

export type RevokeDeps = { events: Pick<EventLog, 'wake'>; vault: Vault; engine: Engine }

/**
 * Says goodbye to the owner of a session; whichever node runs it then takes the device off the account. In the caller's transaction,
 * which has locked the session. Asking twice says it once.
 */
export async function queueRevoke(
  { events, vault, engine }: RevokeDeps,
  tx: TenantTransactor,
  { sessionId, phoneNumber }: Pick<ManagedSession, 'sessionId' | 'phoneNumber'>,
): Promise<void> {
  if (!(await hasFarewell(tx, sessionId))) {
    const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
    const text = renderTemplate(await templateText(tx, vault, 'revoked', revokeTemplates), { number: phoneNumber })
    const built = engine.buildText({ phoneNumber, to: `${phoneNumber}@s.whatsapp.net`, text })
    await enqueueMessage(tx, sealer, sessionId, { kind: 'farewell', built })
  }
  await events.wake(tx, sessionId)
}
