export type DemoErrorCode =
  | 'invalid_settings'
  | 'already_running'
  | 'port_taken'
  | 'not_built'
  | 'simulator_failed'
  | 'gateway_failed'
  | 'data_folder_unusable'

/** Why there is no demo (any more), in words for the person at the terminal. */
export class DemoError extends Error {
  override readonly name = 'DemoError'

  /** @param action what to do about it; a program's own last words may follow in `details` */
  constructor(
    readonly code: DemoErrorCode,
    message: string,
    readonly action = '',
    readonly details = '',
  ) {
    super(message)
  }

  /** Everything a person needs, never a stack. */
  get text(): string {
    return [this.message, this.details, this.action].filter(part => part !== '').join('\n')
  }
}
