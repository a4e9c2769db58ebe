import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { inspectProcess, isStillAlive } from './process-info.js'

const PLATFORMS = ['darwin', process.platform] as const

test.each(PLATFORMS)('a living process has a birth that stays, and its command (as on %s)', platform => {
  const [info, again] = [inspectProcess(process.pid, platform), inspectProcess(process.pid, platform)]
  expect(info?.birth).toMatch(/\d/)
  expect(again?.birth).toBe(info?.birth)
  expect(info?.command).toContain('node')
})

test.each(PLATFORMS)('an ended process is none (as on %s)', async platform => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(inspectProcess(child.pid ?? 0, platform)).toBeNull()
})

test.each(PLATFORMS)('numbers that name no process are none (as on %s)', platform => {
  for (const pid of [0, -1, Number.NaN, 2_147_483_646]) expect(inspectProcess(pid, platform)).toBeNull()
})

test('a zombie is none', async () => {
  // The shell leaves its child unreaped while it waits for its own input.
  const shell = spawn('sh', ['-c', 'true & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const [pid]: unknown[] = await once(shell.stdout, 'data')
  await expect.poll(() => inspectProcess(Number(String(pid)))).toBeNull()
  shell.stdin.end()
  await once(shell, 'exit')
})

test('a number that was given to another process does not keep a note alive', () => {
  expect(isStillAlive({ pid: process.pid, birth: inspectProcess(process.pid)?.birth ?? '' })).toBe(true)
  expect(isStillAlive({ pid: process.pid, birth: 'earlier' })).toBe(false)
})
