import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { MAX_PRE_KEY_ID } from './derive-pre-key.js'
import { IdRanges, type IdRange } from './id-ranges.js'
import { SessionIdError } from './session-id-error.js'

/** Used ids as gap and length of their runs. */
export function writeUsedIds(writer: ByteWriter, ids: readonly IdRange[]): void {
  const runs = new IdRanges(ids).runs()
  if ((runs.at(-1)?.last ?? 0) > MAX_PRE_KEY_ID) throw new SessionIdError('invalid_contents')
  let previous = 0
  writer.list(runs, ({ first, last }) => {
    writer.uint(first - previous)
    writer.uint(last - first + 1)
    previous = last
  })
}

/** Used ids, ascending. */
export function readUsedIds(reader: ByteReader): IdRange[] {
  let previous = 0
  const runs = reader.list((): IdRange => {
    const first = previous + reader.uint()
    const last = first + reader.uint() - 1
    if (first <= previous || last < first || last > MAX_PRE_KEY_ID) throw new SessionIdError('corrupt')
    previous = last
    return [first, last]
  })
  return new IdRanges(runs).list()
}
