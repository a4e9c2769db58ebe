import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * A living process as the system tells it: when it began (which tells two processes with the same number apart) and who started it.
 * Null when there is none; a zombie counts as none.
 *
 * @param {number} pid
 * @returns {{ birth: string, parent: number, name: string } | null} `name` is the program's, as far as the system keeps it
 */
export function inspect(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null
  if (process.platform === 'linux') return inspectThroughProc(pid)
  if (process.platform === 'win32') return inspectThroughSignal(pid)
  return inspectThroughPs(pid)
}

function inspectThroughProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may itself hold spaces; what follows it are fields 3 (state), 4 (parent) … 22 (start).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    return fields[0] === 'Z' || fields[0] === 'X' ? null : { birth: fields[19], parent: Number(fields[1]), name }
  } catch {
    return null
  }
}

function inspectThroughPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,ppid=,lstart=,comm=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  })
  const [state, parent, ...rest] = (stdout ?? '').trim().split(/\s+/)
  if (!parent || state.startsWith('Z')) return null
  return { birth: rest.slice(0, 5).join(' '), parent: Number(parent), name: rest.slice(5).join(' ') }
}

function inspectThroughSignal(pid) {
  try {
    process.kill(pid, 0)
    return { birth: '', parent: 0, name: '' }
  } catch {
    return null
  }
}

/** What a process leaves in a file to say "this is mine while I live". */
export function noteOf(pid) {
  return JSON.stringify({ pid, birth: inspect(pid)?.birth ?? '' })
}

/** The number of the process that left this note and is still alive, else null. */
export function livingAuthor(file) {
  try {
    const { pid, birth } = JSON.parse(readFileSync(file, 'utf8'))
    return inspect(pid)?.birth === birth ? pid : null
  } catch {
    return null
  }
}
