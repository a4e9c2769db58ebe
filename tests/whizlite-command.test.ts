import { cp } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeSmallProject, type SmallProject, type Start } from './support/small-project.js'

const repository = fileURLToPath(new URL('../', import.meta.url))

/** Says what it was given, and how many requests to stop it heard when two came at once. */
const PROGRAM = `
console.log('given', JSON.stringify(process.argv.slice(2)))
let stops = 0
process.on('SIGINT', () => { stops += 1 })
process.emit('SIGINT')
process.emit('SIGINT')
console.log('stops', stops)
`

let project: SmallProject

beforeEach(async () => {
  project = await makeSmallProject()
  await cp(path.join(repository, 'whizlite.js'), path.join(project.folder, 'whizlite.js'))
  await project.write('src/cli/main.ts', PROGRAM)
})

afterEach(() => project.dispose())

const whizlite = (...words: string[]): Start => project.start([process.execPath, 'whizlite.js', ...words])
test('installs and builds what is missing, and later uses what is built, whatever has changed', async () => {
  const first = whizlite('link', '--code', '+254 700')
  expect(await first.ended).toBe(0)
  expect(first.output()).toMatch(/Installing \(first run.*\nBuilding…\n/)
  expect(first.output()).toContain('given ["link","--code","+254 700"]\n')

  await project.write('src/cli/main.ts', `console.log('changed')`)
  const second = whizlite('help')
  expect(await second.ended).toBe(0)
  expect(second.output()).toBe('given ["help"]\nstops 1\n')
})

test('npx finds it in its own folder, before and after the first build', async () => {
  const npx = () =>
    project.start(['npx', '--offline', 'whizlite', 'help'], { npm_config_cache: path.join(project.folder, '.npm') })
  await declareCommand()
  for (const built of ['Building…', '']) {
    const start = npx()
    expect(await start.ended).toBe(0)
    expect(start.output()).toContain(built)
    expect(start.output()).toContain('given ["help"]')
  }
}, 120_000)

test('takes Ctrl-C, which reaches it from the terminal and from npm, as one request', async () => {
  for (const how of ['built for it', 'built before']) {
    const start = whizlite(how)
    expect(await start.ended).toBe(0)
    expect(start.output()).toContain('stops 1\n')
  }
})

/** As the package does it. */
async function declareCommand(): Promise<void> {
  const start = project.start(['npm', 'pkg', 'set', 'bin.whizlite=./whizlite.js'])
  expect(await start.ended).toBe(0)
}
