/** Why the database in the data folder could not be used. Stable. */
export type LocalPostgresErrorCode =
  | 'unsupported_platform'
  | 'no_binaries'
  | 'no_account'
  | 'data_dir_unreachable'
  | 'data_dir_foreign'
  | 'data_dir_in_use'
  | 'wrong_major_version'
  | 'initdb_failed'
  | 'start_failed'
  | 'port_taken'
  | 'port_changed'
  | 'stop_failed'

/** A refusal an operator can act on: `message` says what is wrong, `action` what to do about it. Neither holds a secret. */
export class LocalPostgresError extends Error {
  override name = 'LocalPostgresError'

  constructor(
    readonly code: LocalPostgresErrorCode,
    message: string,
    readonly action: string,
  ) {
    super(message)
  }
}
