import { randomInt } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { DataFolder } from './data-folder.js'

/**
 * Below the ports that systems lend to outgoing connections (from 32768 on Linux, 49152 elsewhere): while the server is down, one of
 * the very clients that look for it could be given its port.
 */
const PORTS = { from: 20_000, before: 30_000 }
const DRAWS = 20

/** The port this folder's server had the last time, or null. */
export function keptPort({ portFile }: DataFolder): number | null {
  try {
    const port = Number(readFileSync(portFile, 'utf8'))
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null
  } catch {
    return null
  }
}

/** Remembers the port for the next start: whoever holds the address of this database then need not look for it. */
export function keepPort(folder: DataFolder, port: number): void {
  if (keptPort(folder) === port) return
  try {
    // the file of another account can be replaced, not written
    const next = `${folder.portFile}.next`
    writeFileSync(next, `${port}\n`)
    renameSync(next, folder.portFile)
  } catch {
    // a wish for the next start is no reason against this one
  }
}

/** A loopback port that nobody has. */
export async function freePort(): Promise<number> {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const port = randomInt(PORTS.from, PORTS.before)
    if (await isPortFree(port)) return port
  }
  return (await listenOnce(0)) ?? 0
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null
}

/** @returns the port, or null when somebody has it */
function listenOnce(port: number): Promise<number | null> {
  return new Promise(resolve => {
    // clients that look for the server at this very moment must not hold up the close
    const probe = createServer(client => client.destroy()).once('error', () => resolve(null))
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })
}
