import { createHash } from 'node:crypto'

/** A row of the log in the forms that are hashed, see `audit_hash` in the migration. */
export type ChainRow = {
  id: string
  /** Null: it was put there past the trigger that numbers entries. */
  seq: string | null
  /** UTC, with microseconds. */
  at: string
  /** The text of the jsonb, which is canonical. */
  entry: string
  prev: Buffer | null
  hash: Buffer | null
}

export type ChainHead = { seq: bigint; hash: Buffer }

/** The first place where a chain is broken. */
export type ChainFault = {
  seq: bigint
  fault: 'changed' | 'removed' | 'inserted' | 'cut_off' | 'rewritten'
}

export type ChainReport = {
  workspaceId: string
  head: ChainHead
  fault: ChainFault | null
  /** The workspace was erased, and its entries with it. */
  ended: boolean
}

const start: ChainHead = { seq: 0n, hash: Buffer.alloc(32) }

export function chainHash(
  workspaceId: string,
  prev: Uint8Array,
  row: Pick<ChainRow, 'id' | 'at' | 'entry'>,
  seq: bigint,
): Buffer {
  return createHash('sha256').update(prev).update([workspaceId, seq, row.at, row.id, row.entry].join('\n')).digest()
}

/**
 * Follows a chain from its first entry to its last.
 * @param rows in the order of their numbers; those without one last
 * @param head what the trigger has noted as the newest entry; null: nothing
 * @param anchors heads that were kept elsewhere
 */
export async function verifyChain(
  workspaceId: string,
  rows: AsyncIterable<ChainRow>,
  head: ChainHead | null,
  anchors: readonly ChainHead[] = [],
): Promise<ChainReport> {
  const kept = new Map(anchors.map(anchor => [anchor.seq, anchor.hash]))
  let last = start
  const broken = (seq: bigint, fault: ChainFault['fault']): ChainReport => ({
    workspaceId,
    head: last,
    fault: { seq, fault },
    ended: false,
  })
  for await (const row of rows) {
    const seq = last.seq + 1n
    if (row.seq === null) return broken(seq, 'inserted')
    if (BigInt(row.seq) > seq) return broken(seq, 'removed')
    if (BigInt(row.seq) < seq) return broken(BigInt(row.seq), 'inserted')
    const hash = chainHash(workspaceId, last.hash, row, seq)
    if (row.hash?.equals(hash) !== true || row.prev?.equals(last.hash) !== true) return broken(seq, 'changed')
    if (kept.get(seq)?.equals(hash) === false) return broken(seq, 'rewritten')
    last = { seq, hash }
  }
  const expected = [head ?? start, ...anchors].reduce((most, one) => (one.seq > most.seq ? one : most))
  if (expected.seq > last.seq) return broken(last.seq + 1n, 'cut_off')
  if ((head ?? start).seq < last.seq) return broken((head ?? start).seq + 1n, 'inserted')
  if (!(head ?? start).hash.equals(last.hash)) return broken(last.seq, 'rewritten')
  return { workspaceId, head: last, fault: null, ended: false }
}

/**
 * Looks at what is left of the chain of an erased workspace, which is where it ended. An id is used once: entries under it are another chain.
 * @param rows none, if all is well
 */
export async function verifyEnded(
  workspaceId: string,
  rows: AsyncIterable<ChainRow>,
  end: ChainHead,
  anchors: readonly ChainHead[],
): Promise<ChainReport> {
  const report = (fault: ChainFault | null): ChainReport => ({ workspaceId, head: end, fault, ended: true })
  for await (const row of rows) return report({ seq: BigInt(row.seq ?? 1), fault: 'rewritten' })
  const later = anchors.find(({ seq }) => seq > end.seq)
  if (later !== undefined) return report({ seq: end.seq + 1n, fault: 'cut_off' })
  const other = anchors.find(({ seq, hash }) => seq === end.seq && !hash.equals(end.hash))
  return report(other === undefined ? null : { seq: end.seq, fault: 'rewritten' })
}
