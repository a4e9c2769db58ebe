import { parseArgs } from 'node:util'
import { constants } from 'node:os'
import { Closing } from './closing.mjs'
import { machine, machineLine } from './machine.mjs'

const BENCHES = {
  link: () => import('./link.mjs'),
  idle: () => import('./idle.mjs'),
  restore: () => import('./restore.mjs'),
  takeover: () => import('./takeover.mjs'),
  live: () => import('./live.mjs'),
  api: () => import('./api.mjs'),
  'storm-link': () => import('./storm-link.mjs'),
}

const usage = async () => {
  const lines = await Promise.all(
    Object.entries(BENCHES).map(async ([name, load]) => `  ${name.padEnd(10)} ${(await load()).about}`),
  )
  return `npm run bench -- NAME [--json] [--quick] [--pairs N] [--sessions N,N] [--contacts N,N] [--rounds N]\n\n${lines.join('\n')}`
}

const closing = new Closing()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => void closing.close().then(() => process.exit(128 + constants.signals[signal])))
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      sessions: { type: 'string' },
      contacts: { type: 'string' },
      rounds: { type: 'string' },
    },
    allowPositionals: true,
  })
  const [name] = positionals
  if (name === undefined) return console.log(await usage())
  if (!Object.hasOwn(BENCHES, name)) throw new Error(`There is no bench "${name}".\n\n${await usage()}`)
  const pairs = Number(values.pairs ?? 30)
  if (!Number.isInteger(pairs) || pairs < 1) throw new Error('--pairs is a whole number from 1.')
  const bench = await BENCHES[name]()
  const where = machine()
  const { figures, text } = await bench.run({
    closing,
    say: line => console.error(line),
    pairs,
    quick: values.quick,
    sessions: numbers(values.sessions, '--sessions'),
    contacts: numbers(values.contacts, '--contacts'),
    rounds: numbers(values.rounds, '--rounds')?.[0],
  })
  if (values.json) console.log(JSON.stringify({ bench: name, machine: where, ...figures }, null, 2))
  else console.log(`${machineLine(where)}\n\n${text}`)
}

/** @returns {number[] | undefined} `100,500` as numbers */
function numbers(text, name) {
  const list = text?.split(',').map(Number)
  if (list?.every(number => Number.isInteger(number) && number >= 0) === false) {
    throw new Error(`${name} is whole numbers with commas between them.`)
  }
  return list
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await closing.close()
}
process.exit()
