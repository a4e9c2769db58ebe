import { constants } from 'node:os'
import { endChildren } from './children.mjs'
import { inspect } from './processes.mjs'

const POLL_MS = 250
const PATIENCE_MS = 40_000
const SAME_REQUEST_MS = 1_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** What a shell reports for a program that a signal ended. */
export const exitCodeOf = signal => 128 + constants.signals[signal]

/**
 * Ctrl-C arrives twice, from the terminal and from npm, which passes its own on; programs take the second for impatience and give up
 * their clean end. So what follows a signal within a second counts as the same request. Call it before anything listens to signals.
 */
export function mergeRepeatedSignals() {
  const emit = process.emit
  let last = Number.NEGATIVE_INFINITY
  process.emit = function (event, ...values) {
    if (SIGNALS.includes(event)) {
      const repeated = performance.now() - last < SAME_REQUEST_MS
      if (repeated) return true
      last = performance.now()
    }
    return emit.call(this, event, ...values)
  }
}

/**
 * While this program prepares or waits for a child, a signal ends the child and then the program.
 *
 * @returns {() => void} call it before a program that handles signals itself takes over this process
 */
export function passSignalsOn() {
  const handlers = SIGNALS.map(signal => {
    let asked = false
    const handle = () => {
      const waiting = endChildren(asked ? 'SIGKILL' : signal)
      asked = true
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
