import { existsSync } from 'node:fs'
import path from 'node:path'
import { build, isBuilt } from './build.mjs'
import { runInForeground, Stopped } from './children.mjs'
import { install, isInstalled } from './install.mjs'
import { withLock } from './lock.mjs'
import { Refusal } from './refusal.mjs'
import { exitCodeOf, mergeRepeatedSignals, passSignalsOn, stopWithNpm } from './stopping.mjs'

const say = line => console.error(line)

/** Programs that take over this process. */
const PROGRAMS = { start: 'dist/backend/main.js', demo: 'dist/demo/main.js', whizlite: 'dist/cli/main.js' }

/** Programs that run as children with this terminal: their file and arguments. */
const CHILDREN = {
  test: args => ['node_modules/vitest/vitest.mjs', ...(args.includes('--watch') ? [] : ['run']), ...args],
  bench: args => ['bench/main.mjs', ...args],
  storm: args => ['scripts/storm/main.mjs', ...args],
  dev: args => ['scripts/start/dev.mjs', ...args],
}

/**
 * @param {{ root: string, args: string[], become: (program: string, args: string[]) => Promise<void> }} options
 */
export async function run({ root, args: [mode = 'start', ...args], become }) {
  mergeRepeatedSignals()
  stopWithNpm()
  const release = passSignalsOn()
  try {
    if (!(mode in PROGRAMS) && !(mode in CHILDREN)) {
      throw new Refusal(`"${mode}" is not one of: ${Object.keys({ ...PROGRAMS, ...CHILDREN }).join(', ')}.`)
    }
    await prepare(root)
    if (mode in CHILDREN) {
      process.exitCode = await runChild(root, CHILDREN[mode](args))
    } else {
      if (!existsSync(path.join(root, PROGRAMS[mode])))
        throw new Refusal(`${PROGRAMS[mode]} is missing from this build.`)
      release()
      await become(PROGRAMS[mode], args)
    }
  } catch (error) {
    if (error instanceof Stopped) process.exit(exitCodeOf(error.signal))
    console.error(error instanceof Refusal ? error.message : error)
    process.exitCode = 1
  }
}

/** Nothing to do is the usual case: then no lock is taken and nothing is written. */
async function prepare(root) {
  if (isInstalled(root) && isBuilt(root)) return
  await withLock({ cache: path.join(root, '.cache'), say }, async ({ watch }) => {
    await install({ root, say, watch })
    if (!isBuilt(root)) await build({ root, say, watch, check: false })
  })
}

function runChild(root, [file, ...args]) {
  if (!existsSync(path.join(root, file))) throw new Refusal(`${file} is missing.`)
  return runInForeground(process.execPath, [path.join(root, file), ...args], { cwd: root })
}
