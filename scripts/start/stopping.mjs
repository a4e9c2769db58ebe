import { constants } from 'node:os'
import { endChildren } from './children.mjs'
import { inspect } from './processes.mjs'

const POLL_MS = 250
const PATIENCE_MS = 40_000
/** Ctrl-C arrives twice, from the terminal and from npm; only a later one means that a person is tired of waiting. */
const SAME_REQUEST_MS = 1_000

/** What a shell reports for a program that a signal ended. */
export const exitCodeOf = signal => 128 + constants.signals[signal]

/**
 * While this program prepares or waits for a child, a signal ends the child and then the program.
 *
 * @returns {() => void} call it before a program that handles signals itself takes over this process
 */
export function passSignalsOn() {
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map(signal => {
    let first = null
    const handle = () => {
      first ??= performance.now()
      const insists = performance.now() - first > SAME_REQUEST_MS
      const waiting = endChildren(insists ? 'SIGKILL' : signal)
      if (!waiting) process.exit(exitCodeOf(signal))
    }
    process.on(signal, handle)
    return () => process.off(signal, handle)
  })
  return () => handlers.forEach(remove => remove())
}

/**
 * Stops this process when npm, which started it, is gone. npm does not pass on every signal, cannot pass on a SIGKILL, and puts a shell
 * in between that lives on; so each process up to npm is watched. Started without npm, nothing is watched: a shell that ends, as after
 * `nohup … &`, is no reason to stop.
 */
export function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const births = upToNpm(parent).map(pid => [pid, inspect(pid)?.birth])
  const timer = setInterval(() => {
    if (process.ppid === parent && births.every(([pid, birth]) => inspect(pid)?.birth === birth)) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => {
      endChildren('SIGKILL')
      process.exit(exitCodeOf('SIGTERM'))
    }, PATIENCE_MS).unref()
  }, POLL_MS)
  timer.unref()
}

/** Some shells replace themselves with the program they run; then the parent is npm itself, and what is above it is not watched. */
function upToNpm(parent) {
  const info = inspect(parent)
  return info !== null && SHELL.test(info.name) ? [parent, info.parent] : [parent]
}

const SHELL = /(^|\/)-?(ba|da|z|k|a)?sh$/
