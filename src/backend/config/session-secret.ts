import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const fileName = 'session-secret'
const minimumBytes = 32

/** Values that circulate in examples and other products' defaults. */
const knownDefaults = ['changeme', 'secret', 'password', '429683C4C977415CAAFCCE10F7D57E11', 'THISISMYSECURETOKEN']

/**
 * Reads a secret given as hex, base64, base64url or plain text.
 * @returns its bytes, or the problem in words for an operator, which never repeat the value
 */
export function parseSecret(text: string): { bytes: Buffer } | { problem: string } {
  const value = text.trim()
  if (knownDefaults.some(known => value.toLowerCase().includes(known.toLowerCase()))) {
    return { problem: 'is a well-known example value' }
  }
  const bytes = decode(value)
  if (bytes.length < minimumBytes) return { problem: `has fewer than ${minimumBytes} bytes` }
  if (new Set(bytes).size < minimumBytes / 2) return { problem: 'repeats itself too much to be random' }
  return { bytes }
}

function decode(value: string): Buffer {
  if (/^([0-9a-f]{2})+$/i.test(value)) return Buffer.from(value, 'hex')
  if (/^[A-Za-z0-9+/_-]{43,}={0,2}$/.test(value)) return Buffer.from(value, 'base64')
  return Buffer.from(value, 'utf8')
}

/**
 * The secret of a local installation: made on the first start, kept in the data folder for its owner alone.
 * Two first starts at once end with one secret: the second finds the link taken and reads what is there.
 */
export function localSecret(dataDir: string): string {
  const path = join(dataDir, fileName)
  const existing = readIfThere(path)
  if (existing !== null) return existing
  // the folder is private, what lies above it need not be: PostgreSQL's own account passes through
  mkdirSync(dirname(dataDir), { recursive: true })
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, randomBytes(minimumBytes).toString('hex'), { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
    chmodSync(path, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(path, 'utf8')
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
