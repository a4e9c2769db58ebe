/** Something the caller of a command can mend. Printed as it is, without a stack; never holds a secret. */
export class CliError extends Error {
  override readonly name: string = 'CliError'

  /** @param action what to do next, in one sentence */
  constructor(
    message: string,
    readonly action: string | null = null,
  ) {
    super(message)
  }
}

/** The command was written wrongly. Its usage is printed below, and the exit code is 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError'
}
