import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A living process. `birth` tells two processes apart that were given the same number one after the other. */
export type ProcessInfo = { pid: number; birth: string; command: string }

/** The living process with this number, or null: a zombie is not living, it only waits for its parent to notice. */
export function inspectProcess(pid: number, platform: NodeJS.Platform = process.platform): ProcessInfo | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  return platform === 'linux' ? inspectThroughProc(pid) : inspectThroughPs(pid)
}

function inspectThroughProc(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in parentheses that may itself hold spaces and parentheses; the rest begins with field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, birth: `${bootId()}:${fields[19]}`, command }
  } catch {
    return null
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** macOS and the BSDs have no /proc; their ps prints the start to the second, which is enough beside the number. */
function inspectThroughPs(pid: number): ProcessInfo | null {
  const ps = spawnSync('ps', ['-ww', '-o', 'stat=,lstart=,command=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  })
  const line = /^\s*(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/m.exec(ps.stdout ?? '')
  const [, state, birth, command] = line ?? []
  if (state === undefined || birth === undefined || command === undefined || state.startsWith('Z')) return null
  return { pid, birth: birth.replace(/\s+/g, ' '), command }
}

/** Whether the process that wrote this note is still the one that has its number. */
export function isStillAlive(note: { pid: number; birth: string }): boolean {
  return inspectProcess(note.pid)?.birth === note.birth
}
