/** Who opens, closes: releases unwind in reverse, each once, and one that fails does not keep the others open. */
export class Releases implements AsyncDisposable {
  readonly #stack: AsyncDisposable[] = []
  #released: Promise<void> | null = null

  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.#stack.push(resource)
    return resource
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#released ??= this.#unwind())
  }

  async #unwind(): Promise<void> {
    const failures: unknown[] = []
    for (let resource = this.#stack.pop(); resource !== undefined; resource = this.#stack.pop()) {
      try {
        await resource[Symbol.asyncDispose]()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed')
  }
}
