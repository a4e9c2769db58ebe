import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * What a check has found.
 * @typedef {{ file: string, line?: number, message: string }} Finding
 */

/** Of the root only: what is made there and never committed. */
const MADE = /^(\.git|\.cache|data|coverage|dist|dist\..+|\.env)$/

/** Pictures and the like have no lines. */
const BINARY = /\.(webp|png|jpe?g|gif|ico|woff2?|gz|zip|pdf)$/

/**
 * The files of a tree that belong to the repository, by their path from `root` with forward slashes, in order.
 * @param {string} root
 * @returns {string[]}
 */
export function filesOf(root) {
  return filesIn(root, '').toSorted()
}

function filesIn(root, folder) {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap(entry => {
    if (entry.name === 'node_modules' || entry.name.endsWith('.log')) return []
    if (folder === '' && MADE.test(entry.name)) return []
    const place = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesIn(root, place)
    return entry.isFile() ? [place] : []
  })
}

/** @returns {{ file: string, text: string }[]} the files with text in them */
export function textsOf(root) {
  return filesOf(root)
    .filter(file => !BINARY.test(file))
    .map(file => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
}

/** The number of lines; a file's last line break ends a line and begins none. */
export const lineCount = text => (text === '' ? 0 : text.replace(/\n$/, '').split('\n').length)

/**
 * One finding for each line that matches.
 * @param {{ file: string, text: string }} source
 * @param {RegExp} pattern without the global flag
 * @param {(match: RegExpExecArray) => string | null} describe null: nothing wrong after all
 * @returns {Finding[]}
 */
export function matchingLines({ file, text }, pattern, describe) {
  return text.split('\n').flatMap((line, at) => {
    const match = pattern.exec(line)
    const message = match === null ? null : describe(match)
    return message === null ? [] : [{ file, line: at + 1, message }]
  })
}
