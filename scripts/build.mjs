import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, isBuilt } from './start/build.mjs'
import { Stopped } from './start/children.mjs'
import { withLock } from './start/lock.mjs'
import { Refusal } from './start/refusal.mjs'
import { exitCodeOf, passSignalsOn } from './start/stopping.mjs'

// npm run build: type errors fail it. `--if-stale`: only when the sources have changed, and as a start does it.
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const ifStale = process.argv.includes('--if-stale')
const say = line => console.error(line)

passSignalsOn()
try {
  await withLock({ cache: path.join(root, '.cache'), say }, async ({ watch }) => {
    if (!ifStale || !isBuilt(root)) await build({ root, say, watch, check: !ifStale })
  })
} catch (error) {
  if (error instanceof Stopped) process.exit(exitCodeOf(error.signal))
  console.error(error instanceof Refusal ? error.message : error)
  process.exit(1)
}
