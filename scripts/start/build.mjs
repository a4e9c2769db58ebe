import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { runQuietly } from './children.mjs'
import { inspect } from './processes.mjs'
import { Refusal } from './refusal.mjs'

/** What a build is made from, besides `src`. */
const CONFIGURATION = ['assets', 'tsconfig.json', 'vite.config.ts', 'package-lock.json', 'scripts/start/build.mjs']

/** Whether `dist` was built from exactly these sources; without sources (a deployed copy) whatever is there is taken. */
export function isBuilt(root) {
  if (!existsSync(path.join(root, 'src'))) return true
  const stamp = path.join(root, 'dist', '.stamp')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesHash(root)
}

/**
 * Builds into a folder of its own and puts it in the place of `dist` at the end: a build that fails or is killed changes nothing.
 *
 * @param {{ root: string, say: (line: string) => void, watch: (pid: number) => void, check: boolean }} options `check`: type errors fail the build.
 *   What is written does not depend on it, so a start does without.
 */
export async function build({ root, say, watch, check }) {
  say('Building…')
  removeAbandoned(root)
  const hash = sourcesHash(root)
  const target = path.join(root, `dist.building-${process.pid}`)
  try {
    await compile({ root, target, watch, check })
    copyAssets(root, target)
    for (const page of pages(root)) await buildPage({ root, target, watch, page })
    writeFileSync(path.join(target, '.stamp'), hash)
    replace(root, target)
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}

async function compile({ root, target, watch, check }) {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const options = ['-p', 'tsconfig.json', '--outDir', target, ...(check ? [] : ['--noCheck'])]
  const { code, output } = await runQuietly(process.execPath, [tsc, ...options], { cwd: root, onStart: watch })
  if (code !== 0) throw new Refusal(`${output.trim()}\n\nThe sources do not compile.`)
}

/** SQL, templates and other files that programs read at run time lie beside the code that reads them. */
function copyAssets(root, target) {
  const browser = pages(root)
  for (const file of filesIn(path.join(root, 'src'))) {
    const place = path.relative(path.join(root, 'src'), file)
    const inPage = browser.some(page => place.startsWith(page + path.sep))
    if (inPage || /\.tsx?$|tsconfig.*\.json$/.test(place)) continue
    mkdirSync(path.dirname(path.join(target, place)), { recursive: true })
    cpSync(file, path.join(target, place))
  }
}

/** The folders below `src` that are browser pages. */
function pages(root) {
  if (!existsSync(path.join(root, 'vite.config.ts'))) return []
  const src = path.join(root, 'src')
  return filesIn(src)
    .filter(file => path.basename(file) === 'index.html')
    .map(file => path.relative(src, path.dirname(file)))
}

/** vite.config.ts tells pages apart by mode. */
async function buildPage({ root, target, watch, page }) {
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const options = ['build', '--mode', path.basename(page), '--outDir', path.join(target, page), '--logLevel', 'warn']
  const { code, output } = await runQuietly(process.execPath, [vite, ...options], { cwd: root, onStart: watch })
  if (code !== 0) throw new Refusal(`${output.trim()}\n\nThe page ${page} does not build.`)
}

function replace(root, target) {
  const dist = path.join(root, 'dist')
  const old = path.join(root, `dist.old-${process.pid}`)
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(target, dist)
  rmSync(old, { recursive: true, force: true })
}

/** Folders of builds that were killed. */
function removeAbandoned(root) {
  for (const name of readdirSync(root)) {
    const pid = /^dist\.(building|old)-(\d+)$/.exec(name)?.[2]
    if (pid !== undefined && inspect(Number(pid)) === null)
      rmSync(path.join(root, name), { recursive: true, force: true })
  }
}

function sourcesHash(root) {
  const hash = createHash('sha256')
  for (const part of ['src', ...CONFIGURATION]) {
    for (const file of filesIn(path.join(root, part))) {
      if (file.endsWith('.test.ts')) continue
      hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex')
}

function filesIn(place) {
  if (!existsSync(place)) return []
  if (statSync(place).isFile()) return [place]
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath ?? entry.path, entry.name))
    .toSorted()
}
