import { spawn } from 'node:child_process'
import { once } from 'node:events'

const KEPT_OUTPUT = 20_000

/** A Node process that is measured; it answers questions through `answers.mjs`. */
export class Child {
  #waiting = new Map()
  #calls = 0
  #output = ''

  /**
   * @param {string} name for messages
   * @param {string[]} args Node's own
   * @param {NodeJS.ProcessEnv} env all of it: nothing of this process's environment reaches the child unasked
   */
  constructor(name, args, env) {
    this.name = name
    // A group of its own: Ctrl-C reaches it only through us, once.
    this.process = spawn(process.execPath, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    })
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', text => this.#keep(text))
    this.process.on('message', ({ call, result, error }) => {
      const waiting = this.#waiting.get(call)
      this.#waiting.delete(call)
      if (error === undefined) waiting?.resolve(result)
      else waiting?.reject(new Error(`${name}: ${error}`))
    })
    this.process.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(this.#gone())
      this.#waiting.clear()
    })
  }

  get pid() {
    return this.process.pid
  }

  /** Throws with what the child said last when it has ended. */
  assertRuns() {
    if (this.#ended()) throw this.#gone()
  }

  /** @returns {Promise<any>} */
  ask(verb, params) {
    return new Promise((resolve, reject) => {
      if (this.#ended()) return reject(this.#gone())
      const call = ++this.#calls
      this.#waiting.set(call, { resolve, reject })
      this.process.send({ call, verb, params })
    })
  }

  /** Stops politely; after a while, not. */
  async stop(patienceMs = 30_000) {
    if (this.#ended()) return
    const exit = once(this.process, 'exit')
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), patienceMs)
    await exit
    clearTimeout(timer)
  }

  /** No goodbye of any kind. */
  async kill() {
    if (this.#ended()) return
    const exit = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exit
  }

  #ended() {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  #keep(text) {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
  }

  #gone() {
    const { exitCode, signalCode } = this.process
    return new Error(`${this.name} ended (${exitCode ?? signalCode}). It said:\n${this.#output}`)
  }
}
