import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys'
import type { ClientVersion } from '../../config/config.js'

/** The version of WhatsApp Web that the engine says it is: what an operator has set, or what the installed Baileys says. */
export function clientVersion(configured: ClientVersion | null): ClientVersion {
  return configured ?? DEFAULT_CONNECTION_CONFIG.version
}
