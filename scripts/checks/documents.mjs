import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { matchingLines, textsOf } from './tree.mjs'

const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g
const PLACE = /`((?:src|tests|scripts|bench|examples|docs|assets)\/[\w./-]*)`/g

const SETTINGS = 'src/backend/config/env.ts'
const TELL_SETTINGS = ['README.md', '.env.example']

/**
 * Documents that name a file which is not there.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function documents(root) {
  const written = textsOf(root).filter(({ file }) => file.endsWith('.md'))
  return written.flatMap(source =>
    matchingLines(source, /.*/, ({ input }) => {
      const links = [...input.matchAll(LINK)].map(match => match[1]).filter(target => !/^[a-z]+:/.test(target))
      const named = [
        ...links.map(target => path.posix.join(path.posix.dirname(source.file), target)),
        ...[...input.matchAll(PLACE)].map(match => match[1]),
      ]
      const missing = named.filter(place => !existsSync(path.join(root, place)))
      return missing.length === 0 ? null : `names what is not there: ${missing.join(', ')}`
    }),
  )
}

/**
 * Settings that the gateway reads and a document leaves out.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function settings(root) {
  const source = readFileSync(path.join(root, SETTINGS), 'utf8')
  const known = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(match => match[1])
  if (known.length === 0) return [{ file: SETTINGS, message: 'has no settings that this check can read' }]
  return TELL_SETTINGS.flatMap(file => {
    const text = existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''
    const told = new Set(text.match(/\b[A-Z][A-Z0-9_]+\b/g))
    return known.filter(name => !told.has(name)).map(name => ({ file, message: `does not tell of ${name}` }))
  })
}
