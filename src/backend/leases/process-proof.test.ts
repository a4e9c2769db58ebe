import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inspectProcess } from '../database/local/process-info.js'
import { hasDied, proofOfThisProcess } from './process-proof.js'

async function child() {
  const started = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'])
  await once(started.stdout, 'data')
  const info = inspectProcess(started.pid ?? 0)
  if (info === null) throw new Error('it is not there')
  return { started, pid: info.pid, note: `${info.pid} ${info.birth}`, exited: once(started, 'exit') }
}

test('a process lives while it runs and while it is stopped, and has died when it was killed', async () => {
  const { started, pid, note, exited } = await child()
  expect(hasDied(note)).toBe(false)
  started.kill('SIGSTOP')
  if (process.platform === 'linux') await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) T /)
  expect(hasDied(note)).toBe(false)
  started.kill('SIGKILL')
  await exited
  expect(hasDied(note)).toBe(true)
})

test('one that was given the number of another is not that one', async () => {
  const { started, pid, exited } = await child()
  expect(hasDied(`${pid} of-another-birth`)).toBe(true)
  started.kill('SIGKILL')
  await exited
})

test.each(['', 'nonsense', '0 birth', '-1 birth', '1.5 birth', String(process.pid)])(
  'what is no proof proves nothing: %j',
  noted => {
    expect(hasDied(noted)).toBe(false)
  },
)

test('this process can be looked after where the system allows it', () => {
  const proof = proofOfThisProcess()
  expect(proof === null).toBe(process.platform !== 'linux')
  if (proof !== null) expect(hasDied(proof.process)).toBe(false)
  expect(proofOfThisProcess('win32')).toBeNull()
})
