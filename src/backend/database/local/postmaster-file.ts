import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inspectProcess } from './process-info.js'
import type { ProcessNote } from './process-notes.js'

/** The server that runs on a cluster now, with what tells it from a later process of its number. */
export type Postmaster = ProcessNote & { port: number; ready: boolean }

/** Larger than any process number, so nothing can be alive under it. */
const NOBODYS_NUMBER = 2_147_483_646

/** The running server of this cluster as its postmaster.pid tells (pid, folder, start, port, socket folder, address, shared memory, status). */
export function findPostmaster(cluster: string): Postmaster | null {
  const lines = readLines(cluster)
  const pid = Number(lines[0])
  const info = inspectProcess(pid)
  if (info === null || !isPostmasterOf(cluster, info.command)) return null
  return { pid, birth: info.birth, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/**
 * Frees a postmaster.pid whose number was given to an unrelated process, as happens when a killed container starts again and counts
 * from one: PostgreSQL would refuse to start. The file stays, with a number nobody has, so that PostgreSQL still checks the shared
 * memory it names for surviving processes.
 */
export function freeReusedNumber(cluster: string): void {
  const lines = readLines(cluster)
  const info = inspectProcess(Number(lines[0]))
  if (info === null || isPostmasterOf(cluster, info.command)) return
  writeFileSync(path.join(cluster, 'postmaster.pid'), [String(NOBODYS_NUMBER), ...lines.slice(1)].join('\n'))
}

const isPostmasterOf = (cluster: string, command: string): boolean =>
  /postgres|postmaster/.test(command) && command.includes(cluster)

function readLines(cluster: string): string[] {
  try {
    return readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}
