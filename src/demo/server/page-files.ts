import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { DemoError } from '../demo-error.js'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Sends a file of the built page; false when it has no such file. `''` is the page itself. */
export type PageFiles = (response: ServerResponse, name: string) => boolean

/**
 * The names are read once, so that no request reaches the file system with a name of its own making.
 * @throws DemoError `not_built`
 */
export async function openPageFiles(folder: string): Promise<PageFiles> {
  const entries = await readdir(folder, { recursive: true }).catch(() => [])
  const names = new Set(entries.map(entry => entry.replaceAll(path.sep, '/')))
  if (!names.has('index.html')) {
    throw new DemoError('not_built', 'The page with the phones is missing.', 'Build it with: npm run build')
  }
  return (response, name) => {
    const file = name === '' ? 'index.html' : name
    const type = TYPES[path.extname(file)]
    if (!names.has(file) || type === undefined) return false
    const caching = file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-store'
    response.writeHead(200, { 'content-type': type, 'cache-control': caching })
    pipeline(createReadStream(path.join(folder, file)), response, () => {})
    return true
  }
}
