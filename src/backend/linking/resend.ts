import { sql } from 'kysely'
import { encodeSessionId } from '../../session/index.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { appStateKeyType, type Engine } from '../engine/engine.js'
import { KeyRows } from '../engine/key-rows.js'
import { GatewayError } from '../errors.js'
import type { EventLog } from '../events/event-log.js'
import { enqueueMessage, type NewMessage } from '../outbox/outbox-store.js'
import type { Vault } from '../vault/vault.js'
import { unfinishedAttempt } from './attempts-reading.js'
import { storeString, type DeliverySettings } from './delivery.js'
import type { ManagedSession } from './managed-session.js'
import { renderTemplate } from './message-templates.js'
import { templateText } from './templates-store.js'

const limit = { times: 3, withinSeconds: 3_600 }

/** Until a link under way has surely ended. */
const linkingSeconds = 60

const resendTemplates = {
  resent: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ sᴇssɪᴏɴ ɪᴅ*
│
├ 🔑 *Session ID:* It is in the message above, once more.
├ 🔒 *Security:* Whoever has it has your account — NEVER share it.
├ 🌐 *Connected Number:* {{number}}
├ 💡 *Note:* A bot that starts with it takes this session over from this server.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,

  not_resent: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ sᴇssɪᴏɴ ɪᴅ*
│
├ ⚠️ *Session ID:* WhatsApp has not confirmed that it was sent.
├ 💡 *Next Step:* If it is not in the message above, write *.resend* again.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,
} as const

export type ResendDeps = { events: Pick<EventLog, 'wake'>; vault: Vault; engine: Engine; settings: DeliverySettings }

/** Seconds until it makes sense to ask again; 0: the messages are on their way. */
export type ResendWait = { waitSeconds: number }

/**
 * Makes a fresh session ID of what a managed session has stored, keeps it as the person's latest and puts it into the outbox with a notice
 * behind it of what became of it, all in the caller's transaction, which has locked the session. Whichever node runs the session sends them.
 * @throws SessionIdError `too_long`
 */
export async function queueResend(
  { events, vault, engine, settings }: ResendDeps,
  tx: TenantTransactor,
  session: ManagedSession,
): Promise<ResendWait> {
  const { sessionId, phoneNumber } = session
  const { workspaceId } = tx.scope
  const waitSeconds =
    (await unfinishedAttempt(tx, sessionId)) === null ? await secondsToWait(tx, sessionId) : linkingSeconds
  if (waitSeconds > 0) return { waitSeconds }
  const sealer = await vault.sealer(tx, { workspaceId, sessionId })
  const rows = new KeyRows(sessionId, sealer)
  const bytes = await rows.credentials(tx)
  if (bytes === null) throw new TypeError('a managed session has credentials')
  const source = engine.portableSource({ engine: 'baileys', bytes }, await rows.keys(tx, appStateKeyType, null))
  const string = encodeSessionId(source, { prefix: settings.sessionIdPrefix, format: settings.sessionIdFormat })
  await storeString(tx, sealer, { person_id: session.personId, sessionId, string })
  const to = `${phoneNumber}@s.whatsapp.net`
  const build = (text: string) => engine.buildText({ phoneNumber, to, text })
  const notice = async (template: keyof typeof resendTemplates) =>
    build(renderTemplate(await templateText(tx, vault, template, resendTemplates), { number: phoneNumber }))
  const put = (message: NewMessage) => enqueueMessage(tx, sealer, sessionId, message)
  const id = await put({ kind: 'secret', built: build(string) })
  await put({ kind: 'notice', built: await notice('resent'), follows: { id, when: 'sent' } })
  await put({ kind: 'notice', built: await notice('not_resent'), follows: { id, when: 'failed' } })
  await events.wake(tx, sessionId)
  return { waitSeconds: 0 }
}

export function resendTooOften(waitSeconds: number): GatewayError {
  return new GatewayError({
    code: 'too_many_attempts',
    status: 429,
    message: 'The session ID was asked for too often in a short time.',
    action: 'Look into your own chat, or wait before you ask again.',
    retryAfterSeconds: waitSeconds,
  })
}

/**
 * Every secret in the outbox that did not fail is one sending; the one that the link itself sent was made before its attempt ended.
 */
async function secondsToWait(tx: TenantReader, sessionId: string): Promise<number> {
  const { rows } = await sql<{ wait: number }>`
    select ceil(extract(epoch from m.created_at - clock_timestamp()) + ${limit.withinSeconds})::int as wait
    from outbox_messages m left join link_attempts a on a.session_id = m.session_id
    where m.session_id = ${sessionId} and m.kind = 'secret' and m.state <> 'failed'
      and m.created_at > coalesce(a.since, '-infinity')
    order by m.created_at desc offset ${limit.times - 1} limit 1`.execute(tx.db)
  return Math.max(0, rows[0]?.wait ?? 0)
}
