import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { withFolderLock } from '../backend/database/local/folder-lock.js'
import { isStillAlive } from '../backend/database/local/process-info.js'
import { ownNote, readNote } from '../backend/database/local/process-notes.js'
import { DemoError } from './demo-error.js'

/** A data folder that this process alone uses. */
export interface DataFolder extends AsyncDisposable {
  file(name: string): string
  /** Leaves word of where the demo can be opened, for whoever starts a second one. */
  tellAddress(url: string): Promise<void>
}

/**
 * Two simulators on one state file would undo each other's work, so one demo at a time uses a folder. A demo that was killed does not
 * keep the next one out.
 *
 * @throws DemoError `already_running`, `data_folder_unusable`
 */
export async function claimDataFolder(folder: string): Promise<DataFolder> {
  const note = path.join(folder, 'demo.json')
  const write = async (more: object): Promise<void> =>
    writeFileSync(note, JSON.stringify({ ...ownNote(), ...more }), { mode: 0o600 })
  try {
    // Passable for the account that PostgreSQL runs as when this is root; what is secret inside is its owner's alone.
    mkdirSync(folder, { recursive: true, mode: 0o711 })
    await withFolderLock(folder, async () => {
      const other = readNote(note)
      if (other !== null && other.pid !== process.pid && isStillAlive(other)) throw alreadyRunning(note)
      await write({})
    })
  } catch (error) {
    if (error instanceof DemoError) throw error
    const reason = error instanceof Error ? error.message : ''
    throw new DemoError('data_folder_unusable', `The folder ${folder} cannot be used.`, 'Set DATA_DIR.', reason)
  }
  return {
    file: name => path.join(folder, name),
    tellAddress: url => write({ url }),
    [Symbol.asyncDispose]: async () => rmSync(note, { force: true }),
  }
}

function alreadyRunning(note: string): DemoError {
  const url = addressIn(note)
  return new DemoError(
    'already_running',
    url === null ? 'A demo is already starting.' : `A demo is already running at ${url}`,
    'Use that one, stop it first, or set DATA_DIR to another folder.',
  )
}

function addressIn(note: string): string | null {
  try {
    const held: unknown = JSON.parse(readFileSync(note, 'utf8'))
    const url = typeof held === 'object' && held !== null && 'url' in held ? held.url : null
    return typeof url === 'string' ? url : null
  } catch {
    return null
  }
}
