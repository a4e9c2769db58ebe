import type { Worker } from 'node:worker_threads'
import { deriveBatch, type PreKeyBatch } from './pre-key-batch.js'
import { startPreKeyWorker } from './pre-key-worker.js'

export type { PreKeyBatch } from './pre-key-batch.js'

export type PreKeyPoolOptions = {
  /** Batches kept ready at most; each takes 64 bytes for every key. */
  size: number
  /** Batches ready from the start; each that is taken makes it one more. Whoever links nobody need not make keys for a crowd. */
  first?: number
  /** Keys in a batch: 812 is what Baileys uploads on a first login. */
  count?: number
  startWorker?: () => Worker
}

/** Ready batches of pre-keys, made on a thread of their own so that nobody's login waits for 812 key derivations. */
export interface PreKeyPool extends AsyncDisposable {
  /** Batches ready now. */
  readonly ready: number
  /**
   * A batch nobody else gets: at once when one is ready, else as soon as it is made, in the order of asking.
   *
   * @throws PreKeyPoolClosedError after disposal.
   */
  take(): Promise<PreKeyBatch>
}

export class PreKeyPoolClosedError extends Error {
  override readonly name = 'PreKeyPoolClosedError'
  readonly code = 'pool_closed'

  constructor() {
    super('The pre-key pool is closed.')
  }
}

type Waiter = { resolve: (batch: PreKeyBatch) => void; reject: (error: unknown) => void }

/** Starts filling at once. The worker does not keep the process alive, except while somebody waits for a batch. */
export function createPreKeyPool({
  size,
  first = 2,
  count = 812,
  startWorker = startPreKeyWorker,
}: PreKeyPoolOptions): PreKeyPool {
  const ready: PreKeyBatch[] = []
  const waiting: Waiter[] = []
  let worker: Worker | undefined
  let asked = false
  let closed = false
  let kept = Math.min(first, size)

  const hire = (): Worker => {
    const hired = startWorker()
    hired.on('message', ({ seed, keys }: { seed: Uint8Array; keys: Uint8Array }) => {
      asked = false
      give({ seed: bufferOf(seed), keys: bufferOf(keys) })
      fill()
    })
    hired.on('error', () => undefined)
    hired.on('exit', () => {
      if (worker === hired) doWithout()
    })
    return hired
  }
  /** Without memory or threads there is no worker: those who wait are served here, the next call tries a new one. */
  const doWithout = (): void => {
    worker = undefined
    asked = false
    for (const waiter of waiting.splice(0)) deriveBatch(count).then(waiter.resolve, waiter.reject)
  }
  const ask = (): void => {
    try {
      worker ??= hire()
      worker.postMessage(count, [])
      asked = true
    } catch {
      doWithout()
    }
  }
  const give = (batch: PreKeyBatch): void => {
    const waiter = waiting.shift()
    if (waiter) waiter.resolve(batch)
    else if (!closed) ready.push(batch)
  }
  const fill = (): void => {
    if (closed) return
    const wanted = waiting.length > 0 || ready.length < kept
    if (wanted && !asked) ask()
    if (waiting.length > 0) worker?.ref()
    else worker?.unref()
  }

  fill()
  return {
    get ready() {
      return ready.length
    },
    take() {
      if (closed) return Promise.reject(new PreKeyPoolClosedError())
      kept = Math.min(kept + 1, size)
      const batch = ready.shift()
      const taken = batch
        ? Promise.resolve(batch)
        : new Promise<PreKeyBatch>((resolve, reject) => waiting.push({ resolve, reject }))
      fill()
      return taken
    },
    async [Symbol.asyncDispose]() {
      closed = true
      for (const waiter of waiting.splice(0)) waiter.reject(new PreKeyPoolClosedError())
      for (const { seed, keys } of ready.splice(0)) {
        seed.fill(0)
        keys.fill(0)
      }
      await worker?.terminate()
    },
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
