import { Client } from 'pg'
import { DatabaseRefusedError, DatabaseUnavailableError } from './database-errors.js'

export type UnusableDatabaseErrorCode =
  'database_unreachable' | 'database_refuses_login' | 'database_missing' | 'database_not_ready' | 'database_url_unclear'

/** The database of a setting cannot be used from the start. Names the setting, host and port; never a user, password or database. */
export class UnusableDatabaseError extends Error {
  override name = 'UnusableDatabaseError'

  constructor(
    readonly code: UnusableDatabaseErrorCode,
    message: string,
    readonly action: string,
  ) {
    super(message)
  }
}

type Reason = { code: UnusableDatabaseErrorCode; what: string; action: string }

const unclear: Reason = {
  code: 'database_url_unclear',
  what: 'it cannot be read as it is meant.',
  action: 'Write the characters / ? # @ : in a user or password as %2F %3F %23 %40 %3A.',
}

/**
 * What an operator is told when the first contact with the database of `setting` has failed. Errors that say nothing about the address
 * come back unchanged.
 */
export function asUnusableDatabase(setting: string, url: string, error: unknown): unknown {
  const reason = isCutShort(url) ? unclear : reasonOf(error)
  if (reason === null) return error
  const place = reason === unclear ? '' : ` (${placeOf(url)})`
  const action = reason.action.replaceAll('SETTING', setting)
  return new UnusableDatabaseError(reason.code, `${setting}${place}: ${reason.what}`, action)
}

const toStartIt = 'Start PostgreSQL there, or correct host and port in SETTING.'

function reasonOf(error: unknown): Reason | null {
  if (error instanceof DatabaseUnavailableError) return unavailable(error.reason)
  if (error instanceof DatabaseRefusedError) return refused(error.sqlState)
  const text = error instanceof Error ? error.message : ''
  if (/SASL|password/i.test(text)) return refused('28P01')
  if (!/SSL|TLS|certificate/i.test(text)) return null
  const action = 'Check sslmode in SETTING and the certificate of the server; NODE_EXTRA_CA_CERTS names a further root.'
  return { code: 'database_unreachable', what: 'no encrypted connection could be made.', action }
}

function unavailable(reason: string): Reason {
  const code = 'database_unreachable'
  if (reason === 'ECONNREFUSED' || reason === 'ENOENT')
    return { code, what: 'no PostgreSQL runs there.', action: toStartIt }
  if (reason === 'ENOTFOUND' || reason.startsWith('EAI_')) {
    return { code, what: 'there is no such host.', action: 'Correct the host in SETTING.' }
  }
  if (reason.startsWith('57P') || reason.startsWith('53')) {
    const what = `PostgreSQL takes no connections at the moment (${reason}).`
    return { code: 'database_not_ready', what, action: 'Start again once it does; its own log says why.' }
  }
  const what = reason === 'pool_busy' ? 'nothing answers.' : `nothing answers (${reason}).`
  return { code, what, action: `${toStartIt} A firewall may be in between.` }
}

function refused(sqlState: string): Reason | null {
  if (sqlState === '3D000') {
    const action = 'Create the database, or correct its name at the end of SETTING.'
    return { code: 'database_missing', what: 'PostgreSQL has no database of the name given.', action }
  }
  // 42501: no right to connect
  if (!sqlState.startsWith('28') && sqlState !== '42501') return null
  const action = 'Correct user and password in SETTING, and see that its pg_hba.conf lets this machine in.'
  return { code: 'database_refuses_login', what: 'PostgreSQL refuses the login.', action }
}

/** Host and port as the driver reads them. */
function placeOf(url: string): string {
  const { host, port } = new Client({ connectionString: url })
  if (host.startsWith('/')) return `the socket in ${host}`
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A user or password with one of `/?#` in it ends the host too early; what then stands for host and port is part of them. */
function isCutShort(url: string): boolean {
  const { host, username, pathname, search, hash } = new URL(url)
  return host !== '' && username === '' && `${pathname}${search}${hash}`.includes('@')
}
