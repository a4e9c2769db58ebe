/** Work done one after the other. What goes wrong is told to whoever asked for it, and holds up nothing behind it. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve()

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
