import { copyFile, mkdir } from 'node:fs/promises'
import { watch } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { endChildren, isStopping, runBeside, runInForeground } from './children.mjs'
import { passSignalsOn } from './stopping.mjs'

// The compiler in watch mode writes `dist`, and Node starts the gateway anew whenever something in there changes.
const root = fileURLToPath(new URL('../../', import.meta.url))
const src = path.join(root, 'src')
const dist = path.join(root, 'dist')

passSignalsOn()
watch(src, { recursive: true }, (_, place) => {
  if (place !== null && /\.(sql|html|css|svg|txt)$/.test(place)) void copyAsset(place)
})
const compiler = runBeside(
  process.execPath,
  [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json', '--watch', '--preserveWatchOutput'],
  { cwd: root },
)
const gateway = runInForeground(
  process.execPath,
  [
    `--watch-path=${dist}`,
    '--watch-preserve-output',
    '--enable-source-maps',
    'dist/backend/main.js',
    '--dev',
    ...process.argv.slice(2),
  ],
  { cwd: root },
)
const code = await Promise.race([compiler, gateway])
// One without the other is no use; the gateway is given the time to end well, and a second signal would take that away.
if (!isStopping()) endChildren('SIGTERM')
await Promise.all([compiler, gateway])
process.exit(code)

async function copyAsset(place) {
  await mkdir(path.dirname(path.join(dist, place)), { recursive: true })
  await copyFile(path.join(src, place), path.join(dist, place)).catch(() => {})
}
