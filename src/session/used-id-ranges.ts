import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { MAX_PRE_KEY_ID } from './derive-pre-key.js'
import { SessionIdError } from './session-id-error.js'

/** More used ids than this are refused: a few bytes could otherwise ask for sixteen million numbers. */
const MAX_USED_IDS = 1_000_000

/** WhatsApp gives out pre-keys nearly in order, so used ids are written as gap and length of their runs. */
export function writeUsedIds(writer: ByteWriter, ids: readonly number[]): void {
  const runs: { gap: number; length: number }[] = []
  let previous = 0
  for (const id of [...new Set(ids)].toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last && id === previous + 1) last.length += 1
    else runs.push({ gap: id - previous, length: 1 })
    previous = id
  }
  if (ids.length > MAX_USED_IDS || previous > MAX_PRE_KEY_ID) throw new SessionIdError('invalid_contents')
  writer.list(runs, run => {
    writer.uint(run.gap)
    writer.uint(run.length)
  })
}

/** Used ids, ascending. */
export function readUsedIds(reader: ByteReader): number[] {
  const ids: number[] = []
  let previous = 0
  reader.list(() => {
    const first = previous + reader.uint()
    const length = reader.uint()
    if (first <= previous || length < 1 || first + length - 1 > MAX_PRE_KEY_ID) throw new SessionIdError('corrupt')
    if (ids.length + length > MAX_USED_IDS) throw new SessionIdError('too_large')
    for (let id = first; id < first + length; id += 1) ids.push(id)
    previous = first + length - 1
  })
  return ids
}
