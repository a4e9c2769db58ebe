import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { satisfies } from './scripts/start/node-version.mjs'

// Brings a fresh checkout to a running program with Node's own modules alone: install, build, run, each only when needed.
//   node start.js                the gateway, in this very process
//   node start.js demo           the gateway with simulated phones
//   node start.js dev            the gateway, again after every change
//   node start.js test [args]    all tests, or what vitest's arguments select
//   node start.js bench [args]   the benchmarks
//   node start.js storm [args]   a cluster in bad weather, and what it makes of it

const root = path.dirname(fileURLToPath(import.meta.url))
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

if (satisfies(process.versions.node, manifest.engines.node)) {
  const { run } = await import('./scripts/start/run.mjs')
  await run({ root, args: process.argv.slice(2), become })
} else {
  console.error(`Node.js ${manifest.engines.node} is needed; this is ${process.versions.node}.`)
  process.exitCode = 1
}

/** Goes on as another program: same process, so whoever started this one also stops that one. */
async function become(program, args) {
  const file = path.join(root, program)
  process.argv = [process.argv[0], file, ...args]
  process.setSourceMapsEnabled(true)
  await import(pathToFileURL(file).href)
}
