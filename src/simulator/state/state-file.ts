import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Accounts } from '../accounts/accounts.js'
import { restorePerson, savePerson, type SavedPerson } from './saved-person.js'

const VERSION = 1
/** Changes closer together than this are written at once; a kill may lose that much. */
const SETTLE_MS = 200

type Saved = { version: number; people: SavedPerson[] }

/** The simulator's memory across restarts. Private keys are in it: the file is its owner's alone. */
export class StateFile implements AsyncDisposable {
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(
    private readonly file: string,
    private readonly accounts: Accounts,
    private readonly failed: (error: Error) => void,
  ) {}

  /**
   * Brings everyone in the file back, if there is one. Later writes that fail are told to `failed`.
   * @throws Error when the file exists and cannot be read or understood
   */
  static async open(file: string, accounts: Accounts, failed: (error: Error) => void): Promise<StateFile> {
    const saved = await read(file)
    const phones = saved?.people.map(person => restorePerson(accounts, person)) ?? []
    for (const phone of phones) phone?.resume()
    return new StateFile(file, accounts, failed)
  }

  /** Something changed: it will be on disk soon. */
  changed(): void {
    if (this.#closed) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#writing = this.#writing
        .then(() => this.#write())
        .catch((error: unknown) => this.failed(error instanceof Error ? error : new Error(String(error))))
    }, SETTLE_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#writing
    await this.#write()
  }

  async #write(): Promise<void> {
    const people = this.accounts.all().flatMap(person => savePerson(person) ?? [])
    const saved: Saved = { version: VERSION, people }
    const temporary = `${this.file}.new`
    await writeFile(temporary, JSON.stringify(saved), { mode: 0o600 })
    await rename(temporary, this.file)
  }
}

async function read(file: string): Promise<Saved | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const saved: Saved = JSON.parse(text)
  if (saved.version !== VERSION) throw new Error(`the state file has version ${String(saved.version)}, not ${VERSION}`)
  return saved
}
