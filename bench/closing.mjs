/** What was opened, closed in reverse; what cannot be closed does not keep the rest open. */
export class Closing {
  #steps = []
  #done = null

  /**
   * @template T
   * @param {T} opened
   * @param {() => unknown} close
   */
  add(opened, close) {
    if (this.#done !== null) throw new Error('Closed already.')
    this.#steps.push(close)
    return opened
  }

  close() {
    return (this.#done ??= this.#close())
  }

  async #close() {
    for (const close of this.#steps.toReversed()) {
      try {
        await close()
      } catch (error) {
        console.error(error)
      }
    }
  }
}
