import path from 'node:path'
import { importsOf } from './imports.mjs'
import * as design from './layers.mjs'
import { textsOf } from './tree.mjs'

/** Tests, and what only tests use, may reach for anything. */
const FOR_TESTS = /\.(test|fixture)\.ts$/

/**
 * Imports that go up, sideways or into a part that must stay unknown; rooms and parts that the design does not name.
 * @param {string} root
 * @param {typeof design} rules what to check against
 * @returns {import('./tree.mjs').Finding[]}
 */
export function importDirection(root, rules = design) {
  const sources = textsOf(root).filter(({ file }) => /^src\/.*\.tsx?$/.test(file) && !FOR_TESTS.test(file))
  return [
    ...unnamed(sources, rules),
    ...sources.flatMap(({ file, text }) =>
      importsOf(text).flatMap(found => {
        const message = complaint(file, found, rules)
        return message === null ? [] : [{ file, line: found.line, message }]
      }),
    ),
  ]
}

function complaint(file, { specifier, typesOnly }, rules) {
  if (!specifier.startsWith('.')) return strayPackage(file, specifier, rules)
  const target = path.posix.join(path.posix.dirname(file), specifier)
  if (!target.startsWith('src/')) return `imports ${target}, which is not part of the product`
  const from = partOf(file)
  const to = partOf(target)
  if (from !== to) return foreignPart(from, to, typesOnly, rules)
  return from === 'backend' ? wrongWay(roomOf(file), roomOf(target), rules) : null
}

function strayPackage(file, specifier, { confined }) {
  const name = Object.keys(confined).find(known => specifier === known || specifier.startsWith(`${known}/`))
  if (name === undefined || confined[name].some(folder => file.startsWith(folder))) return null
  return `imports ${name}, which stays in ${confined[name].join(', ')}`
}

function foreignPart(from, to, typesOnly, { parts }) {
  const { values = [], types = [] } = parts[from] ?? {}
  if (values.includes(to) || (typesOnly && types.includes(to))) return null
  return types.includes(to) ? `${from} may import only types from ${to}` : `${from} may not import from ${to}`
}

function wrongWay(from, to, { backendRooms }) {
  if (from === to) return null
  const here = levelOf(from, backendRooms)
  const there = levelOf(to, backendRooms)
  if (here === -1 || there === -1 || there > here) return null
  return there === here ? `${from} and ${to} stand on one line` : `${from} is below ${to}`
}

function unnamed(sources, { parts, backendRooms }) {
  const places = sources.map(({ file }) => ({ file, part: partOf(file), room: roomOf(file) }))
  const unknown = places.filter(
    ({ part, room }) => !(part in parts) || (part === 'backend' && levelOf(room, backendRooms) === -1),
  )
  return unknown.map(({ file }) => ({ file, message: 'belongs to nothing that layers.mjs names' }))
}

const partOf = file => file.split('/')[1]
/** A folder of the backend, or a file at its top. Imports name what the compiler writes. */
const roomOf = file => file.split('/')[2]?.replace(/\.js$/, '.ts')
const levelOf = (room, rooms) => rooms.findIndex(line => line.includes(room))
