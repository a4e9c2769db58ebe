import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errno } from '../errno.js'
import { isStillAlive } from './process-info.js'
import { LocalPostgresError } from './local-postgres-error.js'
import { ownNote, readNote } from './process-notes.js'

const POLL_MS = 40
const DEADLINE_MS = 180_000
const LOCK_FILE = /^\.lock\.(\d+)$/

/**
 * Runs `work` while no other process works on this folder. A holder that was killed does not block the next one.
 *
 * The lock is the lock file with the highest number, and numbers only grow: taking it means creating the next number, which
 * exactly one process can do. So two processes that see the same dead holder cannot both replace it, as they could with one file.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const held = await acquire(folder)
  try {
    return await work()
  } finally {
    const free = `${held}.free`
    writeFileSync(free, '{}')
    renameSync(free, held)
  }
}

async function acquire(folder: string): Promise<string> {
  const deadline = performance.now() + DEADLINE_MS
  for (;;) {
    const file = tryAcquire(folder)
    if (file !== null) return file
    if (performance.now() > deadline) {
      throw new LocalPostgresError(
        'data_dir_in_use',
        `Another process has been starting or stopping the database in ${folder} for minutes.`,
        'Look for a hanging gateway process, end it and start again.',
      )
    }
    await delay(POLL_MS)
  }
}

function tryAcquire(folder: string): string | null {
  const highest = highestNumber(folder)
  if (highest > 0 && isHeld(lockFile(folder, highest))) return null
  const mine = lockFile(folder, highest + 1)
  const prepared = path.join(folder, `.lock-${process.pid}-${randomBytes(4).toString('hex')}`)
  writeFileSync(prepared, JSON.stringify(ownNote()), { mode: 0o600 })
  try {
    linkSync(prepared, mine)
  } catch (error) {
    if (errno(error) === 'EEXIST') return null
    throw error
  } finally {
    rmSync(prepared, { force: true })
  }
  if (highestNumber(folder) !== highest + 1) {
    rmSync(mine, { force: true })
    return null
  }
  removeOlder(folder, highest)
  return mine
}

function isHeld(file: string): boolean {
  const note = readNote(file)
  if (note !== null) return isStillAlive(note)
  try {
    return readFileSync(file, 'utf8') !== '{}'
  } catch {
    return true
  }
}

const lockFile = (folder: string, number: number): string => path.join(folder, `.lock.${number}`)

const numbers = (folder: string): number[] =>
  readdirSync(folder).flatMap(name => {
    const match = LOCK_FILE.exec(name)
    return match ? [Number(match[1])] : []
  })

const highestNumber = (folder: string): number => Math.max(0, ...numbers(folder))

/** The direct predecessor stays: a directory listing taken while files come and go must always see one of the two. */
function removeOlder(folder: string, predecessor: number): void {
  for (const number of numbers(folder)) if (number < predecessor) rmSync(lockFile(folder, number), { force: true })
}
