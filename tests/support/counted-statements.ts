import pg from 'pg'

/**
 * Counts what this process asks its database from now on, until it is disposed of. Whatever asks now and then in the background is counted
 * too, so the least of several runs is what the thing itself takes.
 */
export function countStatements(): Disposable & { readonly count: number } {
  const { prototype } = pg.Client
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was, called with its client below
  const original = prototype.query
  let count = 0
  const counting = function (this: pg.Client, ...args: unknown[]): unknown {
    count++
    return Reflect.apply(original, this, args)
  }
  Object.assign(prototype, { query: counting })
  return {
    get count() {
      return count
    },
    [Symbol.dispose]() {
      Object.assign(prototype, { query: original })
    },
  }
}
