import asyncHooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Up to Node 22 every AsyncLocalStorage that was ever run makes each promise and timer of the process dearer, for ever.
 * Baileys makes one a socket (two with our Signal layer), so hundreds of reconnects would slow everything down.
 * All instances therefore share one storage that holds a map keyed by instance. Newer Node versions need none of it.
 */
class SharedAsyncLocalStorage<Value> {
  static #shared: asyncHooks.AsyncLocalStorage<ReadonlyMap<object, unknown>>

  static use(storage: asyncHooks.AsyncLocalStorage<ReadonlyMap<object, unknown>>): void {
    this.#shared = storage
  }

  getStore(): Value | undefined {
    return SharedAsyncLocalStorage.#shared.getStore()?.get(this) as Value | undefined
  }

  run<Result, Args extends unknown[]>(store: Value, work: (...args: Args) => Result, ...args: Args): Result {
    return SharedAsyncLocalStorage.#shared.run(this.#with(store), work, ...args)
  }

  exit<Result, Args extends unknown[]>(work: (...args: Args) => Result, ...args: Args): Result {
    return SharedAsyncLocalStorage.#shared.run(this.#without(), work, ...args)
  }

  enterWith(store: Value): void {
    SharedAsyncLocalStorage.#shared.enterWith(this.#with(store))
  }

  disable(): void {
    SharedAsyncLocalStorage.#shared.enterWith(this.#without())
  }

  #with(store: Value): ReadonlyMap<object, unknown> {
    return new Map(SharedAsyncLocalStorage.#shared.getStore()).set(this, store)
  }

  #without(): ReadonlyMap<object, unknown> {
    const copy = new Map(SharedAsyncLocalStorage.#shared.getStore())
    copy.delete(this)
    return copy
  }
}

/** Installs the shared storage where it is needed and possible; answers whether it did. Safe to call again. */
export function shareAsyncLocalStorage(): boolean {
  const Native = asyncHooks.AsyncLocalStorage
  const replaceable = Object.getOwnPropertyDescriptor(asyncHooks, 'AsyncLocalStorage')?.writable === true
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24 || !replaceable || (Native as unknown) === SharedAsyncLocalStorage) return false
  SharedAsyncLocalStorage.use(new Native())
  ;(asyncHooks as { AsyncLocalStorage: unknown }).AsyncLocalStorage = SharedAsyncLocalStorage
  syncBuiltinESMExports()
  return true
}

shareAsyncLocalStorage()
