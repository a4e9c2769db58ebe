export type MigrationErrorCode =
  | 'migration_files_invalid'
  | 'migration_changed'
  | 'migration_missing'
  | 'migration_failed'
  | 'database_too_old'
  | 'schema_too_new'

/** The schema cannot be brought to what this code needs. Nothing of the step at fault was kept. */
export class MigrationError extends Error {
  override name = 'MigrationError'

  constructor(
    readonly code: MigrationErrorCode,
    message: string,
  ) {
    super(message)
  }
}
