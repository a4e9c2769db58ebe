import { statSync } from 'node:fs'
import { join } from 'node:path'
import { localSecretNames } from './local-secret.js'

/** Read or written by other accounts of the machine. */
const openToOthers = 0o006
/** Of a file with a secret: by the group, too. */
const openToAnybodyElse = 0o077

/**
 * A line for each thing of the data folder that other accounts may read. The folder itself is held to it in production, where a deployment
 * makes it; elsewhere it is made by the gateway, or by a person who has the machine to themselves.
 */
export function dataDirProblems(dataDir: string, production: boolean): string[] {
  const problems: string[] = []
  if (production && isOpen(dataDir, openToOthers)) {
    problems.push('DATA_DIR may be read or written by every account of this machine. Run chmod 700 on that folder.')
  }
  for (const name of localSecretNames) {
    if (isOpen(join(dataDir, name), openToAnybodyElse)) {
      problems.push(`The file ${name} in DATA_DIR may be read by other accounts. Run chmod 600 on it.`)
    }
  }
  return problems
}

function isOpen(path: string, bits: number): boolean {
  // Windows has no such bits
  if (process.platform === 'win32') return false
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & bits) !== 0
}
