import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { documents, settings } from './checks/documents.mjs'
import { format } from './checks/format.mjs'
import { importDirection } from './checks/import-direction.mjs'
import { lint } from './checks/lint.mjs'
import { lockfile } from './checks/lockfile.mjs'
import { migrations } from './checks/migrations.mjs'
import { names } from './checks/names.mjs'
import { secrets } from './checks/secrets.mjs'
import { fileLength, lineLength, typicalLength } from './checks/sizes.mjs'
import { types } from './checks/types.mjs'
import { words } from './checks/words.mjs'
import { install } from './start/install.mjs'
import { withLock } from './start/lock.mjs'

// npm run check: one line per check, what it found below; the exit code is 1 if any found something.
const checks = [
  ['import direction', importDirection],
  ['file length', fileLength],
  ['typical file length', typicalLength],
  ['line length', lineLength],
  ['names', names],
  ['numbers of migrations', migrations],
  ['lock file', lockfile],
  ['secrets', secrets],
  ['words', words],
  ['documents', documents],
  ['settings told', settings],
  ['types', types],
  ['lint and cycles', lint],
  ['format', format],
]

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const say = line => console.error(line)
await withLock({ cache: path.join(root, '.cache'), say }, ({ watch }) => install({ root, say, watch }))

const running = checks.map(async ([title, check]) => ({ title, ...normalised(await check(root)) }))

let failed = 0
for (const result of running) {
  const { title, findings, note } = await result
  if (findings.length > 0) failed += 1
  console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${title}${note === undefined ? '' : ` (${note})`}`)
  for (const { file, line, message } of findings) console.log(`     ${file}${line ? `:${line}` : ''} ${message}`)
}
console.log(failed === 0 ? `All ${checks.length} checks passed.` : `${failed} of ${checks.length} checks failed.`)
process.exitCode = failed === 0 ? 0 : 1

/** Most checks only find; some also tell a figure. */
function normalised(result) {
  return Array.isArray(result) ? { findings: result } : result
}
