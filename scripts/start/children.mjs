import { spawn } from 'node:child_process'

/** The children that run now, so that stopping can end them. */
const running = new Set()
let stoppedBy = null

/** This start was told to stop while it prepared. */
export class Stopped extends Error {
  constructor(signal) {
    super(`Stopped by ${signal}.`)
    this.signal = signal
  }
}

/**
 * Runs a program that speaks to nobody, in a process group of its own (npm and its scripts end together), and collects what it says.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, onStart?: (pid: number) => void }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runQuietly(command, args, { cwd, onStart }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    // At once: a start that is killed from here on has left word of its child.
    if (child.pid !== undefined) onStart?.(child.pid)
    const output = []
    track(child, () => killGroup(child.pid))
    child.stdout.on('data', chunk => output.push(chunk))
    child.stderr.on('data', chunk => output.push(chunk))
    child.once('error', reject)
    child.once('close', code => {
      if (stoppedBy === null) resolve({ code: code ?? 1, output: Buffer.concat(output).toString('utf8') })
      else reject(new Stopped(stoppedBy))
    })
  })
}

/**
 * Runs a program with this terminal and waits for its end.
 *
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(command, args, { cwd, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' })
    // Ctrl-C in a terminal reaches the child by itself; a second one would make it give up its own clean end.
    track(child, signal => (signal === 'SIGINT' && process.stdin.isTTY ? true : child.kill(signal)))
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

function track(child, end) {
  const entry = { end }
  running.add(entry)
  child.once('close', () => running.delete(entry))
  child.once('error', () => running.delete(entry))
}

function killGroup(pid) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/**
 * Runs a program that prints here but asks nothing, in a process group of its own: a compiler that starts helpers ends with them.
 *
 * @returns {Promise<number>} its exit code
 */
export function runBeside(command, args, { cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: process.platform !== 'win32',
    })
    track(child, () => killGroup(child.pid))
    child.once('error', reject)
    child.once('close', code => resolve(code ?? 1))
  })
}

/** Whether the children have been told to end. */
export const isStopping = () => stoppedBy !== null

/** Passes a signal on to every running child. True when there was one. */
export function endChildren(signal) {
  stoppedBy ??= signal
  for (const { end } of running) end(signal)
  return running.size > 0
}
