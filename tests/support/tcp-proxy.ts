import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

type Trap = { text: string; when: 'before' | 'after commit'; sprung: () => void }

type Pair = {
  client: Socket
  server: Socket
  /** End of what was forwarded last: a statement may come in two pieces. */
  tail: Buffer
  armed: Trap | null
  /** The commit is on its way to the server; its answer is not to reach the client. */
  lost: boolean
}

/** `commit` as PostgreSQL's simple query protocol carries it. */
const commit = Buffer.from('commit\0')

const longestText = 64

/** A line to a PostgreSQL, or to the simulator, that a test can cut, refuse, let hang, or cut at one exact statement. */
export class TcpProxy implements AsyncDisposable {
  readonly #pairs = new Set<Pair>()
  #listener: Server | null = null
  #port = 0
  #trap: Trap | null = null
  #stalled = false

  private constructor(
    private readonly target: { host: string; port: number },
    private readonly onConnect: () => void,
  ) {}

  /** @param onConnect told of every connection that somebody opens to it, whether it gets through or not */
  static async open(url: string, onConnect: () => void = () => {}): Promise<TcpProxy> {
    const { hostname, port } = new URL(url)
    const proxy = new TcpProxy({ host: hostname, port: Number(port) }, onConnect)
    await proxy.restore()
    return proxy
  }

  /** The same address by way of this proxy. */
  through(url: string): string {
    const detour = new URL(url)
    detour.hostname = '127.0.0.1'
    detour.port = String(this.#port)
    return detour.href
  }

  /** How many connections there are at this moment. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Ends every connection and refuses new ones. */
  cut(): void {
    this.#trap = null
    this.#listener?.close()
    this.#listener = null
    for (const pair of this.#pairs) end(pair)
  }

  /** Resets every connection, as a firewall that has forgotten them does; new ones are taken. */
  reset(): void {
    for (const pair of this.#pairs) {
      pair.client.resetAndDestroy()
      pair.server.destroy()
    }
  }

  /** Takes connections again, at the same port. */
  async restore(): Promise<void> {
    this.#stalled = false
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
    if (this.#listener !== null) return
    const listener = createServer(client => this.#accept(client))
    this.#listener = listener
    listener.listen(this.#port, '127.0.0.1')
    await once(listener, 'listening')
    this.#port = (listener.address() as AddressInfo).port
  }

  /** Nothing passes any more, and nobody is told: what a lost route looks like. */
  stall(): void {
    this.#stalled = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  /**
   * Cuts the line at the next statement that holds this text: either before the server gets it, or once the server has committed
   * the transaction it is in, so that nobody is told of the commit.
   * @returns when it has happened
   */
  cutAt(text: string, when: Trap['when']): Promise<void> {
    return new Promise(sprung => (this.#trap = { text, when, sprung }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
  }

  #accept(client: Socket): void {
    // accepted by the system just before the cut
    if (this.#listener === null) return void client.resetAndDestroy()
    this.onConnect()
    const server = connect(this.target.port, this.target.host)
    const pair: Pair = { client, server, tail: Buffer.alloc(0), armed: null, lost: false }
    this.#pairs.add(pair)
    client.on('data', (chunk: Buffer) => this.#forward(pair, chunk))
    server.on('data', (chunk: Buffer) => {
      if (!pair.lost) client.write(chunk)
      else this.#spring(pair.armed)
    })
    for (const socket of [client, server]) {
      socket.on('error', () => {})
      socket.once('close', () => {
        this.#pairs.delete(pair)
        end(pair)
      })
      if (this.#stalled) socket.pause()
    }
  }

  #forward(pair: Pair, chunk: Buffer): void {
    const trap = this.#trap
    const recent = Buffer.concat([pair.tail, chunk])
    pair.tail = recent.subarray(-longestText)
    if (trap !== null && recent.includes(trap.text)) {
      if (trap.when === 'before') return this.#spring(trap)
      pair.armed = trap
    }
    if (pair.armed !== null && chunk.includes(commit)) pair.lost = true
    pair.server.write(chunk)
  }

  #spring(trap: Trap | null): void {
    this.cut()
    trap?.sprung()
  }
}

function end({ client, server }: Pair): void {
  client.destroy()
  server.destroy()
}
