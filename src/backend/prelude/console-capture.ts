/**
 * libsignal prints whole session records, private keys included, through `console` ("Closing session: …").
 * Nothing that a library says there may reach stdout, so every console call is swallowed and only counted.
 * Commands that talk to a person write to `process.stdout` themselves.
 */
const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const

let captured = 0

/** How many console calls were swallowed so far. A figure for `/metrics`, never their text. */
export function capturedConsoleCalls(): number {
  return captured
}

export function captureConsole(): void {
  for (const method of methods) {
    console[method] = () => {
      captured++
    }
  }
}

captureConsole()
