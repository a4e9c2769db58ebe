import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { deviceName, type InboundMessage } from '../engine/engine.js'
import { assertFence } from '../leases/fence.js'
import { lockManaged, type ManagedSession } from '../linking/managed-session.js'
import { renderTemplate, type TemplateValues } from '../linking/message-templates.js'
import { queueResend, type ResendDeps } from '../linking/resend.js'
import { queueRevoke } from '../linking/revoke.js'
import { templateText } from '../linking/templates-store.js'
import { enqueueMessage } from '../outbox/outbox-store.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { commandTemplates } from './command-texts.js'
import { commandOf, type Command } from './commands.js'
import { claimCommand, isFromHere, nextAnswer } from './own-chat-store.js'

/** Since WhatsApp got the command. That it was answered is remembered for longer, so that none is answered twice. */
const answeredWithinSeconds = 86_400

export type OwnChatDeps = ResendDeps & { tenants: Tenants }

/**
 * Answers commands that the owner of a managed session writes into their own chat, each message once: that it was answered is stored with
 * the answer, which the session's outbox sends. Everything else is left alone.
 */
export function createOwnChat(deps: OwnChatDeps): (session: SessionIdentity, message: InboundMessage) => Promise<void> {
  return async (identity, message) => {
    const command = commandOf(message)
    if (command === null) return
    const { workspaceId, sessionId, fence } = identity
    await deps.tenants.transact({ workspaceId }, async tx => {
      await assertFence(tx, sessionId, fence)
      const session = await lockManaged(tx, sessionId)
      if (session === null || !isMeant(session, message, command)) return
      if (await isFromHere(tx, session.personId, message.waMessageId)) return
      const kind = command === 'disconnect' ? 'given' : await nextAnswer(tx, sessionId)
      if (!(await claimCommand(tx, sessionId, message.waMessageId, kind))) return
      if (kind !== 'none') await answer(deps, tx, { identity, session, command: kind === 'given' ? command : 'enough' })
    })
  }
}

/**
 * In the account's own chat, under either of its names, not from before the link and not from long ago, unless it is the wish to be gone:
 * that one stays, and is fulfilled once however often it is told.
 */
function isMeant(
  { phoneNumber, lid, linkedAt }: ManagedSession,
  { chat, timestamp }: InboundMessage,
  command: Command,
): boolean {
  const inOwnChat = chat === `${phoneNumber}@s.whatsapp.net` || chat === lid
  const isLate = command !== 'disconnect' && timestamp < Date.now() / 1_000 - answeredWithinSeconds
  return inOwnChat && !isLate && timestamp >= Math.floor(linkedAt.getTime() / 1_000)
}

type Asked = { identity: SessionIdentity; session: ManagedSession; command: Command | 'enough' }

async function answer(deps: OwnChatDeps, tx: TenantTransactor, { identity, session, command }: Asked): Promise<void> {
  const { phoneNumber } = session
  const say = async (template: keyof typeof commandTemplates, values: TemplateValues) => {
    const text = renderTemplate(await templateText(tx, deps.vault, template, commandTemplates), values)
    const built = deps.engine.buildText({ phoneNumber, to: `${phoneNumber}@s.whatsapp.net`, text })
    await enqueueMessage(tx, identity.sealer, identity.sessionId, { kind: 'notice', built })
    await deps.events.wake(tx, identity.sessionId)
  }
  switch (command) {
    case 'menu':
    case 'enough':
      return say(command, {})
    case 'status':
      return say('status', { number: phoneNumber, since: minuteOf(session.since), device: deviceName })
    case 'support': {
      const { supportUrl } = deps.settings
      return say(supportUrl === null ? 'no_support' : 'support', { support_url: supportUrl })
    }
    case 'resend': {
      const { waitSeconds } = await queueResend(deps, tx, session)
      return waitSeconds > 0 ? say('resend_later', { minutes: String(Math.ceil(waitSeconds / 60)) }) : undefined
    }
    case 'disconnect':
      return queueRevoke(deps, tx, session)
  }
}

/** `2026-11-20 12:45 UTC` */
function minuteOf(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
