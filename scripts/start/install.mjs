import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { runQuietly } from './children.mjs'
import { Refusal } from './refusal.mjs'

const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|network/

/** Whether node_modules holds what package-lock.json asks for; without a lock file (a deployed copy) whatever is there is taken. */
export function isInstalled(root) {
  const lockFile = path.join(root, 'package-lock.json')
  if (!existsSync(lockFile)) return existsSync(path.join(root, 'node_modules'))
  return readOrEmpty(stampFile(root)) === stampOf(lockFile) || agreesWithHiddenLock(root, lockFile)
}

/**
 * Installs with npm exactly what the lock file says.
 *
 * @param {{ root: string, say: (line: string) => void, watch: (pid: number) => void }} options
 */
export async function install({ root, say, watch }) {
  if (!isInstalled(root)) {
    const first = !existsSync(path.join(root, 'node_modules'))
    say(first ? 'Installing (first run; needs the network once)…' : 'Installing (package-lock.json has changed)…')
    const [command, ...args] = [...npm(), 'ci', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline']
    const { code, output } = await runQuietly(command, args, { cwd: root, onStart: watch })
    if (code !== 0) throw failure(output)
  }
  if (existsSync(path.join(root, 'package-lock.json'))) remember(root)
}

/**
 * npm writes its own record of an installation last, so it tells a complete one, also one made by hand. It is not enough: npm also
 * writes it when it was asked for a lock file only, so the packages themselves are looked at too.
 */
function agreesWithHiddenLock(root, lockFile) {
  const hiddenFile = path.join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(hiddenFile)) return false
  const hidden = JSON.parse(readFileSync(hiddenFile, 'utf8')).packages
  const { '': _, ...packages } = JSON.parse(readFileSync(lockFile, 'utf8')).packages
  if (Object.keys(hidden).some(place => !(place in packages))) return false
  return Object.entries(packages).every(([place, wanted]) => {
    const have = hidden[place]
    if (have === undefined) return wanted.optional === true || wanted.devOptional === true
    if (have.version !== wanted.version || have.integrity !== wanted.integrity) return false
    const manifest = readOrEmpty(path.join(root, place, 'package.json'))
    return manifest !== '' && (wanted.link === true || JSON.parse(manifest).version === wanted.version)
  })
}

/** Packages hold programs for one system, so a folder that moves to another is installed anew. */
function stampOf(lockFile) {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  return `${hash} ${process.platform}-${process.arch}`
}

const stampFile = root => path.join(root, 'node_modules', '.stamp')

function remember(root) {
  const stamp = stampOf(path.join(root, 'package-lock.json'))
  if (readOrEmpty(stampFile(root)) !== stamp) writeFileSync(stampFile(root), stamp)
}

/** Under npm, the same npm; otherwise the one on the path. */
function npm() {
  const own = process.env.npm_execpath
  if (own?.endsWith('.js') && existsSync(own)) return [process.execPath, own]
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm']
}

function failure(output) {
  const lines = output.trim().split('\n')
  const errors = lines.filter(line => line.startsWith('npm error'))
  const words = (errors.length > 0 ? errors : lines).slice(0, 12).join('\n')
  return OFFLINE.test(output)
    ? new Refusal(
        `${words}\n\nThe packages could not be fetched. The first start needs the npm registry once:\n` +
          'check the network, proxy or registry setting, and start again.',
      )
    : new Refusal(`${words}\n\nThe packages could not be installed. The lines above are npm's own.`)
}

function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
