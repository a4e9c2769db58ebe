import { constants } from 'node:os'
import path from 'node:path'
import { DemoError } from './demo-error.js'
import { startDemo, type Demo } from './demo.js'
import { demoSettings } from './settings.js'

/** Longest polite stop: what is not over then is ended, and recovers at the next start. */
const STOP_LIMIT_MS = 35_000
/** Ctrl-C may arrive twice, from the terminal and from npm; only a later one means that a person is tired of waiting. */
const SAME_REQUEST_MS = 1_000

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(): Promise<void> {
  const settings = demoSettings(process.env)
  const stop = stopOnSignals()
  let demo: Demo
  try {
    demo = await startDemo({ settings, say, stopping: stop.signal })
  } catch (error) {
    if (stop.signal.aborted) process.exit(stop.exitCode())
    throw error
  }
  welcome(demo.url, settings.dataDir)
  const failure = await Promise.race([demo.failed, stop.asked])
  if (failure === null) say('Stopping…')
  await demo[Symbol.asyncDispose]()
  if (failure !== null) throw failure
  process.exit(0)
}

function welcome(url: string, dataDir: string): void {
  process.stdout.write(`
  The demo is ready. Open this address in a browser:

      ${url}

  It shows the linking page beside simulated phones. Nothing here reaches the real WhatsApp.
  Its sessions on the command line: DATA_DIR=${shellWord(shortPath(path.join(dataDir, 'gateway')))} npx whizlite sessions --url ${url}
  Ctrl-C stops it. Everything is kept in ${shortPath(dataDir)} for the next time; delete that folder to begin anew.

`)
}

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

function shortPath(place: string): string {
  const fromHere = path.relative('', place)
  return fromHere === '' || fromHere.startsWith('..') ? place : fromHere
}

/** The first signal asks for a stop; a second one, later, ends at once. */
function stopOnSignals(): { signal: AbortSignal; asked: Promise<null>; exitCode: () => number } {
  const stop = new AbortController()
  let first: { at: number; exitCode: number } | null = null
  const asked = new Promise<null>(resolve => stop.signal.addEventListener('abort', () => resolve(null), { once: true }))
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const exitCode = 128 + constants.signals[name]
      if (first !== null) {
        if (performance.now() - first.at > SAME_REQUEST_MS) process.exit(exitCode)
        return
      }
      first = { at: performance.now(), exitCode }
      setTimeout(() => process.exit(exitCode), STOP_LIMIT_MS).unref()
      stop.abort()
    })
  }
  return { signal: stop.signal, asked, exitCode: () => first?.exitCode ?? 1 }
}

main().catch((error: unknown) => {
  say(
    error instanceof DemoError
      ? error.text
      : `The demo could not start: ${error instanceof Error ? error.message : ''}`,
  )
  process.exit(1)
})
