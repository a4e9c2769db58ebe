import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const PATH = '/v/'
/** Pieces of a file that is served slowly leave this often. */
const TICK_MS = 100

/** How a file is served. */
export type Serving = {
  /** how many bytes leave in a second; default: as fast as they are taken */
  bytesPerSecond?: number | undefined
  /** the connection is cut after so many bytes */
  cutAfter?: number | undefined
  /** an HTTP status instead of the file */
  status?: number | undefined
}

/** `bytes` makes the file anew for each download; `length` is what the answer promises. */
export type ServedFile = Serving & { bytes: () => Iterable<Buffer> | AsyncIterable<Buffer>; length: number }

/** A small media server on 127.0.0.1: what is put there is found under the path it got. */
export class MediaServer implements AsyncDisposable {
  readonly #files = new Map<string, ServedFile>()
  readonly #serving = new Set<ServerResponse>()
  readonly #stopping = new AbortController()
  readonly #server: Server
  #port = 0
  #mostAtOnce = 0

  private constructor() {
    this.#server = createServer((request, response) => {
      const file = this.#files.get((request.url ?? '').split('?')[0] ?? '')
      if (!file) return void response.writeHead(404).end()
      this.#serving.add(response)
      this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#serving.size)
      const over = () => this.#serving.delete(response)
      response.once('close', over)
      this.#serve(file, response).then(over, () => response.destroy())
    })
  }

  static async open(): Promise<MediaServer> {
    const media = new MediaServer()
    media.#server.listen(0, '127.0.0.1')
    await once(media.#server, 'listening')
    const address = media.#server.address()
    if (address !== null && typeof address === 'object') media.#port = address.port
    return media
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** The most files that were being served at one time so far. */
  get mostAtOnce(): number {
    return this.#mostAtOnce
  }

  /** Answers the path the file is served under from now on. */
  put(file: ServedFile): string {
    const path = `${PATH}${randomBytes(12).toString('hex')}`
    this.#files.set(path, file)
    return path
  }

  async #serve(file: ServedFile, response: ServerResponse): Promise<void> {
    if (file.status !== undefined) return void response.writeHead(file.status).end()
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.length })
    let sent = 0
    for await (const bytes of file.bytes()) {
      const left = file.cutAfter === undefined ? bytes.length : Math.min(bytes.length, file.cutAfter - sent)
      await this.#write(response, bytes.subarray(0, left), file.bytesPerSecond)
      sent += left
      if (response.destroyed) return
      // an empty piece behind the rest, so that the rest has left
      if (left < bytes.length) return void response.write('', () => response.destroy())
    }
    response.end()
  }

  async #write(response: ServerResponse, bytes: Buffer, bytesPerSecond: number | undefined): Promise<void> {
    const { signal } = this.#stopping
    if (bytesPerSecond === undefined) {
      if (!response.write(bytes)) await drained(response)
      return
    }
    const piece = Math.max(1, Math.floor((bytesPerSecond * TICK_MS) / 1000))
    for (let at = 0; at < bytes.length && !response.destroyed; at += piece) {
      await delay((piece * 1000) / bytesPerSecond, undefined, { signal })
      // the last piece last: whoever has it has the file
      response.write(bytes.subarray(at, at + piece))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }
}

/** Resolves when a response takes more, or is over. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
