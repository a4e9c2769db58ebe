import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** What talks to WhatsApp: versions of them that were not tested together may lose messages without a word. */
const engines = ['@whiskeysockets/baileys', 'libsignal']

type Lockfile = { packages?: Record<string, { version?: string } | undefined> }
type Manifest = { dependencies?: Record<string, string | undefined> }

/** A line for each part of the engine that is installed in another version than the lock file says; without one, than the manifest pins. */
export function engineVersionProblems(): string[] {
  const require = createRequire(import.meta.url)
  const { dependencies = {} } = read(new URL('../../../package.json', import.meta.url)) as Manifest
  const lockfile = new URL('../../../package-lock.json', import.meta.url)
  const { packages = {} } = existsSync(lockfile) ? (read(lockfile) as Lockfile) : {}
  return engines.flatMap(name => {
    const expected = packages[`node_modules/${name}`]?.version ?? dependencies[name]
    const { version } = read(require.resolve(`${name}/package.json`)) as { version: string }
    if (version === expected) return []
    return [
      `The installed ${name} is ${version}, and this version was tested with ${expected ?? 'another'}. Run npm ci in the folder of the gateway.`,
    ]
  })
}

function read(file: string | URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
