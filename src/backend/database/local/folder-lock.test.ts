import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { withFolderLock } from './folder-lock.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(inject('scratch'), 'folder-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const lockFiles = (): string[] => readdirSync(folder).filter(name => name.startsWith('.lock'))

test('lets one in at a time', async () => {
  let inside = 0
  let most = 0
  const visit = (): Promise<void> =>
    withFolderLock(folder, async () => {
      inside += 1
      most = Math.max(most, inside)
      await nextTurn()
      inside -= 1
    })
  await Promise.all(Array.from({ length: 10 }, visit))
  expect(most).toBe(1)
})

test('is free again after a failure', async () => {
  await expect(withFolderLock(folder, () => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError)
  await expect(withFolderLock(folder, () => Promise.resolve('in'))).resolves.toBe('in')
})

test('is taken over from a dead holder by exactly one', async () => {
  writeFileSync(
    path.join(folder, '.lock.7'),
    JSON.stringify({ pid: process.pid, birth: 'an earlier process with this number' }),
  )
  let inside = 0
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withFolderLock(folder, async () => {
        expect((inside += 1)).toBe(1)
        await nextTurn()
        inside -= 1
      }),
    ),
  )
})

test('does not fill the folder', async () => {
  for (let visits = 0; visits < 20; visits += 1) await withFolderLock(folder, () => Promise.resolve())
  expect(lockFiles().length).toBeLessThanOrEqual(2)
})
