import { AsyncLocalStorage } from 'node:async_hooks'
import { Server, type IncomingMessage } from 'node:http'
import pg from 'pg'

export type StatementCount = Disposable & {
  /** The count once it has not changed between some looks. @param look takes a moment */
  settled(look: () => Promise<unknown>): Promise<number>
}

const looks = 5

/**
 * Counts what this process asks its database for the sake of requests from one forwarded address, until it is disposed of: in the requests
 * themselves and in all that they set going, but nothing of what runs besides.
 */
export function countStatementsFor(address: string | null): StatementCount {
  const within = new AsyncLocalStorage<true>()
  const query: unknown = Reflect.get(pg.Client.prototype, 'query')
  const emit: unknown = Reflect.get(Server.prototype, 'emit')
  let count = 0
  function counting(this: pg.Client, ...args: unknown[]): unknown {
    if (within.getStore() === true) count++
    return Reflect.apply(query as () => unknown, this, args)
  }
  function emitting(this: Server, event: string, ...args: unknown[]): unknown {
    const go = (): unknown => Reflect.apply(emit as () => unknown, this, [event, ...args])
    const from = event === 'request' ? (args[0] as IncomingMessage).headers['x-forwarded-for'] : undefined
    return from === undefined || from !== address ? go() : within.run(true, go)
  }
  Object.assign(pg.Client.prototype, { query: counting })
  Object.assign(Server.prototype, { emit: emitting })
  return {
    async settled(look) {
      for (let before = -1, same = 0; same < looks;) {
        same = before === count ? same + 1 : 0
        before = count
        await look()
      }
      return count
    },
    [Symbol.dispose]() {
      Object.assign(pg.Client.prototype, { query })
      // inherited before
      Reflect.deleteProperty(Server.prototype, 'emit')
    },
  }
}
