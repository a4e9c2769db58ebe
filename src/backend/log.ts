import { pino } from 'pino'

/**
 * What a log line may carry. An allow-list: whatever has no field here (bodies, credentials, QR contents, codes, tokens, JIDs)
 * cannot be logged. Ids are ours; numbers are counts or milliseconds.
 */
export type LogFields = {
  sessionId?: string
  workspaceId?: string
  nodeId?: string
  messageId?: string
  code?: string
  command?: string
  plane?: string
  status?: number
  method?: string
  path?: string
  port?: number
  pid?: number
  count?: number
  ms?: number
  epoch?: number
  url?: string
  attributes?: string
  setting?: string
  job?: string
  requestId?: string
  /** What to do, in fixed words. */
  hint?: string
}

/** A named logger: `log.info('session_opened', { sessionId })`. The event word is stable, so that operators can alert on it. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  child(part: string): Log
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

export type LogOptions = { level: LogLevel; destination?: { write(line: string): void } }

export function createLog({ level, destination = process.stdout }: LogOptions): Log {
  const root = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const named = (part: string): Log => ({
    debug: (event, fields) => root.debug({ part, event, ...fields }),
    info: (event, fields) => root.info({ part, event, ...fields }),
    warn: (event, fields) => root.warn({ part, event, ...fields }),
    error: (event, fields) => root.error({ part, event, ...fields }),
    child: name => named(name),
  })
  return named('gateway')
}

/** The stable word for an unknown error: its own code when it has one, else its class. Messages may quote data, so they are never logged. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) {
    const { code } = error as { code?: unknown }
    return typeof code === 'string' ? code : error.name
  }
  return 'unknown'
}
