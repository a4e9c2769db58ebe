import { existsSync } from 'node:fs'
import { exitCodes } from './command.js'
import { processInput } from './input.js'
import { runCli } from './run-cli.js'
import { processTerminal } from './terminal.js'

const stops = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first request to stop is for the command to follow; who asks twice does not want to wait. */
function takeInterrupts(): AbortSignal {
  const interrupted = new AbortController()
  const onStop = (): void => {
    if (interrupted.signal.aborted) process.exit(exitCodes.interrupted)
    interrupted.abort()
  }
  for (const signal of stops) process.on(signal, onStop)
  return interrupted.signal
}

/** The gateway reads its settings from here too, and both must mean the same port and data folder. */
function readEnvFile(): void {
  try {
    if (existsSync('.env')) process.loadEnvFile('.env')
  } catch {
    process.stderr.write('The file .env in this folder could not be read; going on without it.\n')
  }
}

readEnvFile()

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: processTerminal(process.stdout, process.stderr, process.env),
  input: processInput(process.stdin, process.stderr),
  env: process.env,
  folder: process.cwd(),
  takeInterrupts,
})
