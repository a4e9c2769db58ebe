import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { createRequire } from 'node:module'

const owner = new AsyncLocalStorage<string>()

/** What libsignal does in this work waits for nobody else's: each name has queues of its own. */
export function queuedApart<Result>(name: string, work: () => Result): Result {
  return owner.run(name, work)
}

type QueueJob = (bucket: string, job: () => Promise<unknown>) => Promise<unknown>

/**
 * libsignal does one thing after the other for each address of a contact, over all sessions of the process, and runs what queues up from
 * within the call that came first: in that call's async context. Baileys finds its key transaction by the async context. So when one
 * contact writes to two sessions at once, the second session's ratchet would be stored outside of its transaction, on its own, without the
 * plaintext: a crash right after would lose the message. And a session whose storage does not answer would keep everybody waiting who has
 * the same contact. Here every job keeps the context it was queued in, and those of one owner queue apart from all others. To be run before
 * libsignal is evaluated. Source: `src/queue_job.js` of the pinned version.
 */
export function queueInContext(): void {
  const require = createRequire(createRequire(import.meta.url).resolve('@whiskeysockets/baileys'))
  const file = require.resolve('libsignal/src/queue_job.js')
  const original = require(file) as QueueJob
  const loaded = require.cache[file]
  if (loaded === undefined) return
  const kept: QueueJob = (bucket, job) => original(`${owner.getStore() ?? ''} ${bucket}`, AsyncResource.bind(job))
  loaded.exports = kept
}

queueInContext()
