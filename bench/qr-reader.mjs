import { Worker } from 'node:worker_threads'

/** Reads QRs out of pictures on a thread of its own: the one that measures must not stand still for it. */
export class QrReader {
  #worker = new Worker(new URL('./qr-reader-thread.mjs', import.meta.url))
  #waiting = new Map()
  #calls = 0

  constructor() {
    this.#worker.on('message', ({ call, qr, error }) => {
      const { resolve, reject } = this.#waiting.get(call)
      this.#waiting.delete(call)
      if (error === undefined) resolve(qr)
      else reject(new Error(error))
    })
  }

  /**
   * @param {Uint8Array} picture a PNG
   * @returns {Promise<string>}
   */
  read(picture) {
    return new Promise((resolve, reject) => {
      const call = ++this.#calls
      this.#waiting.set(call, { resolve, reject })
      this.#worker.postMessage({ call, picture }, [])
    })
  }

  close() {
    return this.#worker.terminate()
  }
}
