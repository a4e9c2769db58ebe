import type { WorkspaceId } from '../../contract/ids.js'
import type { EventStreamDeps } from '../events/event-stream.js'

export type SubscriptionStart = {
  /** What comes after this number is told. */
  after: bigint
  /** Why events between the wanted place and `after` may be missing; null: none are. */
  missed: 'forgotten' | 'unknown_position' | null
}

/**
 * Where a subscription begins. What the log keeps is a matter of the whole workspace, whoever asks: it is told as numbers and nothing else.
 * @param wanted the last number that the reader has seen; null: from this moment on
 */
export async function startOf(
  { tenants, log }: Pick<EventStreamDeps, 'tenants' | 'log'>,
  workspaceId: WorkspaceId,
  wanted: number | null,
): Promise<SubscriptionStart> {
  return tenants.read({ workspaceId }, async tx => {
    const last = await log.lastSeq(tx)
    if (wanted === null) return { after: last, missed: null }
    if (BigInt(wanted) > last) return { after: last, missed: 'unknown_position' }
    const forgottenTo = await log.forgottenTo(tx)
    return BigInt(wanted) < forgottenTo
      ? { after: forgottenTo, missed: 'forgotten' }
      : { after: BigInt(wanted), missed: null }
  })
}
