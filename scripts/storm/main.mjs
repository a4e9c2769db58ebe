import { constants } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const USAGE = `npm run storm -- [--seconds 180] [--seed N] [--sessions 300] [--nodes 3] [--json]

Runs a cluster of gateways with linked sessions and does to it, for so long, what a bad day does: kills, frozen processes, cut lines,
restarts, a database that stands still, copies of sessions that log in elsewhere, while people write and an operator gives commands. Then it
looks at what was recorded. Takes up to eight minutes more than the storm. Progress goes to stderr, the report to stdout (--json: for programs).
Ends with 0 when nothing was wrong. The seed decides the plan: what happens, where, in what order; how the machine is loaded decides the rest.`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    sessions: { type: 'string', default: '300' },
    nodes: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function number(name) {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1.\n\n${USAGE}`)
  return value
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    console.error('Stopping; everything that was started ends now.')
    process.exitCode = 128 + constants.signals[signal]
    stopping.abort()
  })
}

async function main() {
  if (values.help) return console.log(USAGE)
  const [seconds, seed, sessions, nodes] = ['seconds', 'seed', 'sessions', 'nodes'].map(number)
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'storm.ts')
  const { module } = await runnerImport(file, {
    configFile: false,
    logLevel: 'error',
    // Node 20 has no `using`
    oxc: { target: 'es2022' },
  })
  const say = line => console.error(line)
  const report = await module.storm({ seconds, seed, sessions, nodes, say, signal: stopping.signal })
  if (report === null) return
  console.log(values.json ? JSON.stringify(report, null, 2) : module.reportText(report))
  process.exitCode = report.verdict === 'passed' ? 0 : 1
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode ||= 1
}
process.exit()
