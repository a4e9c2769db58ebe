import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

/** A look into a test's database as its owner, past row level security. */
export class Rows implements AsyncDisposable {
  readonly #client: pg.Client
  #connected: Promise<unknown> | null = null

  constructor(ownerUrl: string) {
    this.#client = new pg.Client(ownerUrl)
  }

  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    await (this.#connected ??= this.#client.connect())
    return (await this.#client.query(text, values)).rows as Row[]
  }

  /** The first row that the query finds, now or later. */
  async waitFor<Row>(text: string, values: unknown[] = [], timeoutMs = 30_000): Promise<Row> {
    // counted in pauses, as tests set clocks ahead
    for (let waitedMs = 0; ;) {
      const [row] = await this.query<Row>(text, values)
      if (row !== undefined) return row
      if (waitedMs > timeoutMs) throw new Error(`no row within ${timeoutMs} ms: ${text}`)
      // what takes long is asked for less often: the processor is needed for what is waited for
      const pauseMs = Math.min(100, 10 + waitedMs / 20)
      waitedMs += pauseMs
      await delay(pauseMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connected !== null) await this.#client.end()
  }
}
