import type { Finding, History } from './history.js'

const invariant = 'I-3 messages'

/**
 * What WhatsApp was told has arrived is stored, nothing is refused, and in the end, when it is quiet, nothing waits any more.
 */
export function nothingLost({ messages }: History): Finding[] {
  return messages.flatMap(({ session, id, sentAt, arrivedAt, refused, stored }) => {
    const finding = (what: string, at = sentAt) => [{ invariant, session, at, what: `message ${id} ${what}` }]
    if (refused !== null) return finding(`was refused with ${refused}`)
    if (arrivedAt === null) return finding('has not arrived')
    return stored ? [] : finding('has arrived and is not stored', arrivedAt)
  })
}
