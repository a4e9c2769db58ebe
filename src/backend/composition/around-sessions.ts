import type { Config } from '../config/config.js'
import { createFinishLink } from '../linking/finish-link.js'
import { createPrepareDelivery } from '../linking/prepare-delivery.js'
import type { Log } from '../log.js'
import { createMissedCommands } from '../own-chat/missed-commands.js'
import { createOwnChat } from '../own-chat/own-chat.js'
import { createFinishHandOff } from '../session-commands/finish-hand-off.js'
import { sessionHooks } from '../session-hooks.js'
import { createServeOutbox } from '../sessions/serve-outbox.js'
import type { SessionHooks } from '../sessions/sessions.js'
import type { Foundation } from './foundation.js'
import type { SessionParts } from './session-parts.js'

/** What happens around every session that runs here: a link is finished, the outbox served, the own chat answered. */
export function aroundSessions(config: Config, foundation: Foundation, parts: SessionParts, log: Log): SessionHooks {
  const { sessionTenants: tenants, events, vault, wakeups } = foundation
  const { engine } = parts
  const settings = config.linking
  const prepareDelivery = createPrepareDelivery({ tenants, events, vault, settings })
  const resend = { tenants, events, vault, engine, settings }
  const ownChat = createOwnChat(resend)
  return sessionHooks({
    events,
    finishLink: createFinishLink({ tenants, events, prepareDelivery, log: log.child('linking') }),
    finishHandOff: createFinishHandOff(resend),
    serveOutbox: createServeOutbox({ tenants, wakeups }),
    onMessage: ownChat,
    onMissed: createMissedCommands({ tenants, engine, onMessage: ownChat }),
  })
}
