/** So many files are fetched at once, whoever wants them; the others wait, first come, first served. */
export class DownloadPlaces {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(most: number) {
    this.#free = most
  }

  /** @throws when no place has come free after so many milliseconds */
  async within<Result>(waitMs: number, work: () => Promise<Result>): Promise<Result> {
    await this.#place(waitMs)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #place(waitMs: number): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const call = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(call), 1)
        reject(new Error('media: too many'))
      }, waitMs)
      this.#line.push(call)
    })
  }

  #leave(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
