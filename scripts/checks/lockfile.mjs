import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const LOCK = 'package-lock.json'

/**
 * A lock file that installs only here: it lacks packages of other platforms, integrity hashes, or holds download addresses.
 * Versions in package.json are exact, so that an update is a decision.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function lockfile(root) {
  if (!existsSync(path.join(root, LOCK))) return [{ file: LOCK, message: 'is missing' }]
  const { packages } = JSON.parse(readFileSync(path.join(root, LOCK), 'utf8'))
  return [...Object.entries(packages).flatMap(([place, entry]) => entryFindings(place, entry, packages)), ...pins(root)]
}

function entryFindings(place, entry, packages) {
  const name = place === '' ? 'the project' : place
  const messages = []
  if (entry.resolved !== undefined && entry.link !== true) messages.push(`${name} has a download address`)
  if (place !== '' && entry.link !== true && entry.integrity === undefined)
    messages.push(`${name} has no integrity hash`)
  for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
    if (!resolves(place, optional, packages)) messages.push(`${name} lacks its optional package ${optional}`)
  }
  return messages.map(message => ({ file: LOCK, message }))
}

/** As Node looks it up: in the package's own folder, then in each one above. */
function resolves(place, name, packages) {
  for (let at = place; ; at = parent(at)) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in packages) return true
    if (at === '') return false
  }
}

const parent = place => (place.includes('/node_modules/') ? place.slice(0, place.lastIndexOf('/node_modules/')) : '')

function pins(root) {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const { dependencies, devDependencies, optionalDependencies } = manifest
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => ({ file: 'package.json', message: `${name} ${version} is not an exact version` }))
}
