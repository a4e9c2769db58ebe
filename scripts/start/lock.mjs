import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { livingAuthor, noteOf } from './processes.mjs'

const POLL_MS = 200

/**
 * Runs `work` while no other start of this checkout installs or builds. A start that was killed holds nothing up; what it had started
 * (npm or the compiler, told to `watch`) is waited for, because two installations in one folder destroy each other.
 *
 * @template T
 * @param {{ cache: string, say: (line: string) => void }} options `cache` is the folder the lock lives in
 * @param {(lock: { watch: (pid: number) => void }) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock({ cache, say }, work) {
  mkdirSync(cache, { recursive: true })
  const lock = path.join(cache, 'start.lock')
  const child = path.join(cache, 'start.child')
  await waitFor(
    () => tryTake(lock),
    () => say(`Another start (process ${livingAuthor(lock) ?? '?'}) is preparing; waiting for it…`),
  )
  try {
    await waitFor(
      () => livingAuthor(child) === null,
      () => say(`A start that was stopped is still at work (process ${livingAuthor(child) ?? '?'}); waiting for it…`),
    )
    return await work({ watch: pid => writeFileSync(child, noteOf(pid)) })
  } finally {
    rmSync(child, { force: true })
    rmSync(lock, { force: true })
  }
}

async function waitFor(condition, onWait) {
  if (condition()) return
  onWait()
  while (!condition()) await delay(POLL_MS)
}

/** The file appears complete or not at all, because it is a link to one already written. */
function tryTake(lock) {
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, noteOf(process.pid))
  try {
    linkSync(mine, lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (livingAuthor(lock) === null) removeAbandoned(lock)
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Moved away before it is removed: when two starts clear up at once, the slower one must not take the faster one's new lock. */
function removeAbandoned(lock) {
  const moved = `${lock}.${process.pid}.old`
  try {
    renameSync(lock, moved)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (livingAuthor(moved) !== null) putBack(moved, lock)
  rmSync(moved, { force: true })
}

function putBack(moved, lock) {
  try {
    linkSync(moved, lock)
  } catch (error) {
    if (error.code !== 'EEXIST' || readFileSync(moved, 'utf8') === readFileSync(lock, 'utf8')) return
    throw error
  }
}
