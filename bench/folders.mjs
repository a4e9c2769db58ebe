import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const PREFIX = 'whizlite-bench-'

/** A folder of this run. Folders of runs that were killed are removed first, unless a database still runs in one. */
export function makeFolder() {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : Number.NaN
    const folder = path.join(tmpdir(), name)
    if (Number.isNaN(owner) || isAlive(owner) || existsSync(databaseIn(folder))) continue
    rmSync(folder, { recursive: true, force: true })
  }
  return mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`))
}

/** Exists while the database of a data folder runs; its first line is the process. */
export const databaseIn = folder => path.join(folder, 'postgres', 'cluster', 'postmaster.pid')

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
