import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * Where data goes when nobody says: `./data`. PostgreSQL refuses to run as root, so as root it runs under an account of its own, which cannot
 * enter a private folder such as `/root`; then data goes to `/var/lib/whizlite`, one folder for each place that is started from.
 * @param folder where the program was started
 */
export function defaultDataDir(folder = process.cwd(), asRoot = process.getuid?.() === 0): string {
  const here = join(resolve(folder), 'data')
  if (!asRoot || isOpenToOthers(dirname(here))) return here
  const place = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 8)
  return join('/var/lib/whizlite', `${basename(resolve(folder))}-${place}`)
}

/** Whether any account may pass through this folder and all above it. */
function isOpenToOthers(folder: string): boolean {
  const othersMayEnter = 0o001
  if ((statSync(folder).mode & othersMayEnter) === 0) return false
  return dirname(folder) === folder || isOpenToOthers(dirname(folder))
}
