import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect } from 'vitest'
import { findPostmaster, type Postmaster } from '../../src/backend/database/local/postmaster-file.js'
import { inspectProcess } from '../../src/backend/database/local/process-info.js'

/** The PostgreSQL that runs in a data folder. */
export function localServer(dataDir: string): Postmaster {
  const found = findPostmaster(path.join(dataDir, 'postgres', 'cluster'))
  if (found === null) throw new Error(`no PostgreSQL runs in ${dataDir}`)
  return found
}

/** The port that the folder's next server is to have. */
export const keptPort = (dataDir: string): number =>
  Number(readFileSync(path.join(dataDir, 'postgres', 'port'), 'utf8'))

/** Ends it as the kernel does when memory runs out, without a goodbye. */
export async function killServer({ pid }: Pick<Postmaster, 'pid'>): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => inspectProcess(pid)).toBeNull()
}

/** Another program on this port, until disposed of. */
export async function occupy(port: number): Promise<AsyncDisposable> {
  const server = createServer(client => client.destroy())
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => server.close(() => resolve())),
  }
}
