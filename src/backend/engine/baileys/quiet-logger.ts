import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'
import { errorCode, type Log } from '../../log.js'

/**
 * Baileys logs whole stanzas, bodies included, on errors. Of all it says only the level and an error's class pass.
 * The level is fixed: Baileys builds trace texts only when it reads `trace` here.
 */
export function quietLogger(log: Log): ILogger {
  const forward = (write: Log['warn'], event: string) => (fields: unknown) => {
    const error =
      (fields as { err?: unknown; error?: unknown } | null)?.err ?? (fields as { error?: unknown } | null)?.error
    write(event, { code: errorCode(error) })
  }
  const nothing = () => {}
  const logger: ILogger = {
    level: 'warn',
    child: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: forward(log.debug, 'engine_warning'),
    error: forward(log.debug, 'engine_error'),
  }
  return logger
}
