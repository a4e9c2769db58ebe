import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inspectProcess, isStillAlive } from './process-info.js'

/** What a process leaves in a file to say "this is mine while I live". */
export type ProcessNote = { pid: number; birth: string }

/** The note of this very process. */
export function ownNote(): ProcessNote {
  return { pid: process.pid, birth: inspectProcess(process.pid)?.birth ?? '' }
}

/** The note in a file, or null when there is none or it does not name a process. */
export function readNote(file: string): ProcessNote | null {
  try {
    const note: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof note !== 'object' || note === null || !('pid' in note) || !('birth' in note)) return null
    return typeof note.pid === 'number' && typeof note.birth === 'string' ? { pid: note.pid, birth: note.birth } : null
  } catch {
    return null
  }
}

/** Signs this process into a folder; the result is the file to remove on leaving. */
export function signIn(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, `${process.pid}-${randomBytes(4).toString('hex')}`)
  writeFileSync(file, JSON.stringify(ownNote()), { mode: 0o600 })
  return file
}

/** How many living processes are signed in; the notes of dead ones are removed on the way. */
export function countSignedIn(folder: string): number {
  let living = 0
  for (const name of readdirSync(folder)) {
    const note = readNote(path.join(folder, name))
    if (note && isStillAlive(note)) living += 1
    else rmSync(path.join(folder, name), { force: true })
  }
  return living
}
