#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { satisfies } from './scripts/start/node-version.mjs'

// The command `whizlite`. It lies here and not in `dist`, because npm links commands when nothing is built yet, and never again.
//   npx whizlite help            in this folder, and wherever the package is installed
//   node whizlite.js help        the same

const root = path.dirname(fileURLToPath(import.meta.url))
const program = path.join(root, 'dist', 'cli', 'main.js')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

if (!satisfies(process.versions.node, manifest.engines.node)) {
  console.error(`Node.js ${manifest.engines.node} is needed; this is ${process.versions.node}.`)
  process.exitCode = 1
} else if (existsSync(program)) {
  // Whatever is built is used: a gateway may be running from it, and a build would take its files away.
  const { mergeRepeatedSignals } = await import('./scripts/start/stopping.mjs')
  mergeRepeatedSignals()
  await import(pathToFileURL(program).href)
} else {
  const { run } = await import('./scripts/start/run.mjs')
  await run({ root, args: ['whizlite', ...process.argv.slice(2)], become })
}

async function become(file, args) {
  process.argv = [process.argv[0], path.join(root, file), ...args]
  await import(pathToFileURL(path.join(root, file)).href)
}
