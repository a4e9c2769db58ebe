import path from 'node:path'
import { filesOf } from './tree.mjs'

const FOLDER = 'src/backend/database/migrations'
const NAME = /^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.sql$/

/**
 * Two migrations with one number, as two branches bring them that each took the next; a number left out; a name that says no number.
 * @param {string} root
 * @returns {import('./tree.mjs').Finding[]}
 */
export function migrations(root) {
  const findings = []
  let last = { number: 0, name: 'nothing' }
  for (const file of filesOf(root).filter(each => path.posix.dirname(each) === FOLDER)) {
    const name = path.posix.basename(file)
    const digits = NAME.exec(name)?.[1]
    if (digits === undefined) {
      findings.push({ file, message: 'is not named as 0001-what-it-brings.sql' })
      continue
    }
    const number = Number(digits)
    if (number === last.number) findings.push({ file, message: `has the number of ${last.name}` })
    if (number > last.number + 1) findings.push({ file, message: `leaves numbers out after ${last.name}` })
    last = { number, name }
  }
  return findings
}
