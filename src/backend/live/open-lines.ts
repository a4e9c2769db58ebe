/** Lines that are open, counted for whoever they belong to. */
export class OpenLines {
  readonly #counts = new Map<string, number>()

  constructor(private readonly most: number) {}

  /**
   * @param times how many times the usual number may be open
   * @returns the function that ends the line, harmless to repeat; `null` when there are as many as there may be
   */
  open(key: string, times = 1): (() => void) | null {
    const count = this.#counts.get(key) ?? 0
    if (count >= this.most * times) return null
    this.#counts.set(key, count + 1)
    let open = true
    return () => {
      if (open) this.#end(key)
      open = false
    }
  }

  #end(key: string): void {
    const left = (this.#counts.get(key) ?? 0) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}
