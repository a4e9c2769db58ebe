export type AppRoleErrorCode =
  | 'app_role_not_creatable'
  | 'app_role_login_refused'
  | 'app_role_unknown_to_newer'
  | 'app_role_too_powerful'
  | 'grants_refused'
  | 'tenant_table_unprotected'

/** The process would not work under a role that row level security holds; it refuses to start. */
export class AppRoleError extends Error {
  override name = 'AppRoleError'

  constructor(
    readonly code: AppRoleErrorCode,
    message: string,
    readonly action: string,
  ) {
    super(message)
  }
}
