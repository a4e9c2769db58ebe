import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { inspectProcess } from '../database/local/process-info.js'

/** What a process on the same machine needs to see that this one has died. */
export type ProcessProof = {
  /** One start of one system, and the numbering of processes there. */
  host: string
  process: string
}

/** @returns null where a process cannot be told from its successor with the same number: then a lease simply runs out */
export function proofOfThisProcess(platform: NodeJS.Platform = process.platform): ProcessProof | null {
  if (platform !== 'linux') return null
  const self = inspectProcess(process.pid)
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const numbering = readlinkSync('/proc/self/ns/pid')
    if (self === null || boot === '') return null
    return { host: `${boot} ${numbering} ${hostname()}`, process: `${self.pid} ${self.birth}` }
  } catch {
    return null
  }
}

/** Whether a process of this host has ended for certain. One that is stopped lives, and so does one that cannot be looked at. */
export function hasDied(noted: string): boolean {
  const [number = '', birth = ''] = noted.split(' ')
  const pid = Number(number)
  if (!Number.isSafeInteger(pid) || pid <= 0 || birth === '') return false
  if (!isThere(pid)) return true
  const found = inspectProcess(pid)
  if (found !== null) return found.birth !== birth
  return isZombie(pid)
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // another account's process is there all the same
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** It has ended, and only its parent has not noticed yet. */
function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
