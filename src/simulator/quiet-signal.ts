const LIBSIGNAL_LINES = [
  'Closing session:',
  'Opening session:',
  'Session already closed',
  'Session already open',
  'Removing old closed session:',
  'Closing open session in favor of incoming prekey bundle',
  'Failed to decrypt message with any known session',
  'Session error:',
  'Decrypted message with closed session',
  'Migrating session to:',
  'V1 session storage migration error',
  'WARNING: Expected pubkey of length 33',
  'Unhandled bucket type (for naming):',
]

const MARK = Symbol.for('whizlite.simulator.quiet-signal')
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const

type ConsoleMethod = (...args: unknown[]) => void

function quiet(inner: ConsoleMethod): ConsoleMethod {
  const wrapped: ConsoleMethod = (...args) => {
    const [first] = args
    if (typeof first === 'string' && LIBSIGNAL_LINES.some(line => first.startsWith(line))) return
    inner(...args)
  }
  return Object.assign(wrapped, { [MARK]: true })
}

/**
 * libsignal prints whole session records, private keys included, through `console`. This swallows exactly those lines and passes
 * everything else on to whatever console method was installed before; called again it does nothing.
 */
export function quietSignal(target: Pick<Console, (typeof METHODS)[number]> = console): void {
  for (const method of METHODS) {
    const inner: ConsoleMethod = target[method].bind(target)
    if (!(MARK in target[method])) target[method] = quiet(inner)
  }
}
