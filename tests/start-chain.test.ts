import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually, makeSmallProject, type SmallProject, type Start } from './support/small-project.js'

const run = promisify(execFile)
const NPM_START = ['npm', 'start']

let project: SmallProject
beforeEach(async () => {
  project = await makeSmallProject()
})
afterEach(() => project.dispose())

const answers = (url: string): Promise<string | null> =>
  fetch(url).then(
    response => response.text(),
    () => null,
  )

const printed = (start: Start, words: string): Promise<true> =>
  eventually(async () => (start.output().includes(words) ? true : null))

const kill = async (start: Start): Promise<void> => {
  start.child.kill('SIGKILL')
  await start.ended
}

const gone = (pid: number): Promise<void> =>
  vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 20_000, interval: 20 })

/** What a start must leave: a whole installation and a whole build, and nothing half. */
async function expectWhole(): Promise<void> {
  expect(await project.has('node_modules/.stamp')).toBe(true)
  expect(await project.has('dist/backend/main.js')).toBe(true)
  expect(await project.has('dist/backend/text.sql')).toBe(true)
  expect((await readdir(project.folder)).filter(name => name.startsWith('dist.'))).toEqual([])
}

describe('node start.js', () => {
  test('installs, builds and runs; the next time it only runs', async () => {
    const first = project.start()
    expect(await answers((await project.running()).url)).toBe('one')
    expect(first.output()).toContain('Installing (first run')
    expect(first.output()).toContain('Building…')
    await expectWhole()
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)

    await project.forget()
    const second = project.start()
    await project.running()
    expect(second.output()).toBe('')
  })

  test('is the program itself, in the same process', async () => {
    const start = project.start()
    expect((await project.running()).pid).toBe(start.child.pid)
  })

  test('does not install or build again after it was killed', async () => {
    const first = project.start()
    await project.running()
    await kill(first)
    await project.forget()
    const second = project.start()
    await project.running()
    expect(second.output()).toBe('')
  })

  test('does not install what npm has already installed', async () => {
    await run('npm', ['ci', '--offline'], { cwd: project.folder })
    const start = project.start()
    await project.running()
    expect(start.output()).toBe('Building…\n')
  })

  test('recovers from a kill while it installs', async () => {
    const first = project.start()
    await printed(first, 'Installing')
    await eventually(async () => ((await project.has('.cache/start.child')) ? true : null))
    first.child.kill('SIGKILL')
    const second = project.start()
    expect(await answers((await project.running()).url)).toBe('one')
    await expectWhole()
    expect(second.child.exitCode).toBeNull()
  })

  test('recovers from a kill while it builds', async () => {
    const first = project.start()
    // by then it has left word of its compiler, which lives on for a moment
    const begun = (names: string[]) => names.some(name => name === 'dist' || name.startsWith('dist.'))
    await eventually(async () => (begun(await readdir(project.folder)) ? true : null))
    await kill(first)
    await project.write(`dist.building-${first.child.pid}/backend/main.js`, 'half a b')
    // the first may have finished, and even run, just before the kill
    await project.forget()
    await project.write('src/backend/changed.ts', 'export const changed = true\n')
    project.start()
    expect(await answers((await project.running()).url)).toBe('one')
    await expectWhole()
  })

  test('ends what it has started when it is stopped while it prepares', async () => {
    const start = project.start()
    await printed(start, 'Installing')
    start.child.kill('SIGTERM')
    // `ended` also waits for children, because they share its output.
    expect(await start.ended).toBe(143)
    expect(await project.has('.cache/start.lock')).toBe(false)
  })

  test('prepares once when two start together', async () => {
    const starts = [project.start(), project.start()]
    await eventually(async () => (starts.some(start => start.output().includes('waiting for it…')) ? true : null))
    await project.running()
    const both = () => starts.map(start => start.output()).join('')
    await vi.waitFor(async () => expect(await project.has('.cache/start.lock')).toBe(false), { timeout: 20_000 })
    expect(both().match(/Installing/g)).toHaveLength(1)
    expect(both().match(/Building/g)).toHaveLength(1)
    await expectWhole()
  })

  test('builds again when a source has changed, and installs again when the lock file has', async () => {
    await kill(await untilRunning())
    await project.write('src/backend/main.ts', `console.error('second program'); setInterval(() => {}, 1000)`)
    const rebuilt = project.start()
    await printed(rebuilt, 'second program')
    expect(rebuilt.output()).toBe('Building…\nsecond program\n')
    await kill(rebuilt)

    await project.depend('zod')
    const reinstalled = project.start()
    await printed(reinstalled, 'second program')
    expect(reinstalled.output()).toContain('Installing (package-lock.json has changed)…')
    expect(await project.has('node_modules/zod/package.json')).toBe(true)
  })

  test('says what does not compile, and leaves the last build alone', async () => {
    await kill(await untilRunning())
    await project.write('src/backend/main.ts', 'const = ;')
    const broken = project.start()
    expect(await broken.ended).toBe(1)
    expect(broken.output()).toMatch(/main\.ts.*error TS[\s\S]*The sources do not compile\./)
    expect(broken.output()).not.toContain('at async')
    await expectWhole()
  })

  test('explains that the first run needs the network', async () => {
    await run('npm', ['pkg', 'delete', 'dependencies'], { cwd: project.folder })
    await run('npm', ['pkg', 'set', 'dependencies.left-pad=1.3.0'], { cwd: project.folder })
    await project.write('package-lock.json', LOCK_WITH_A_PACKAGE_FROM_THE_REGISTRY)
    const offline = project.start(undefined, {
      npm_config_registry: 'http://127.0.0.1:1',
      npm_config_cache: `${project.folder}/.empty-cache`,
      npm_config_fetch_retries: '0',
    })
    expect(await offline.ended).toBe(1)
    expect(offline.output()).toContain('The first start needs the npm registry once')
  })

  test('refuses a word it does not know', async () => {
    const start = project.start([process.execPath, 'start.js', 'dance'])
    expect(await start.ended).toBe(1)
    expect(start.output()).toBe('"dance" is not one of: start, demo, whizlite, test, bench, storm, dev.\n')
  })

  test('runs tests with their arguments and passes on how they ended', async () => {
    await project.write('fine.test.ts', `import { expect, test } from 'vitest'; test('fine', () => expect(1).toBe(1))`)
    await project.write('bad.test.ts', `import { expect, test } from 'vitest'; test('bad', () => expect(1).toBe(2))`)
    const fine = project.start([process.execPath, 'start.js', 'test', 'fine'])
    expect(await fine.ended).toBe(0)
    expect(fine.output()).toContain('1 passed')
    const bad = project.start([process.execPath, 'start.js', 'test', 'bad'])
    expect(await bad.ended).toBe(1)
  })
})

describe('npm start', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('stops the program cleanly when npm gets %s', async signal => {
    const npm = project.start(NPM_START)
    const { pid, url } = await project.running()
    expect(await answers(url)).toBe('one')
    npm.child.kill(signal)
    await npm.ended
    await gone(pid)
    expect(await answers(url)).toBeNull()
    expect(await project.has('stopped')).toBe(true)
  })

  test('takes Ctrl-C, which reaches both npm and the program, as one request', async () => {
    const npm = project.start(NPM_START)
    const { pid } = await project.running()
    process.kill(pid, 'SIGINT')
    npm.child.kill('SIGINT')
    await npm.ended
    expect(await project.has('stopped')).toBe(true)
  })

  test('dev runs every change, and ends the compiler and the program with npm', async () => {
    const npm = project.start(['npm', 'run', 'dev'])
    await printed(npm, 'Watching for file changes')
    await project.running()
    await project.write('src/backend/main.ts', `console.error('second program'); setInterval(() => {}, 1000)`)
    await printed(npm, 'second program')
    npm.child.kill('SIGKILL')
    // The compiler and the program share the output that `ended` waits for.
    await npm.ended
  })

  test('stops tests when npm is killed', async () => {
    await project.write(
      'endless.test.ts',
      `import { writeFileSync } from 'node:fs'
       import { test } from 'vitest'
       test('endless', () => { writeFileSync('worker', String(process.pid)); return new Promise(() => {}) }, 600_000)`,
    )
    const npm = project.start(['npm', 'test'])
    await eventually(async () => ((await project.has('worker')) ? true : null))
    npm.child.kill('SIGKILL')
    // All of them, vitest's workers too, hold the output that `ended` waits for.
    await npm.ended
  })
})

test('refuses a Node that is too old', async () => {
  await run('npm', ['pkg', 'set', 'engines.node=^16.0.0 || >=99.1'], { cwd: project.folder })
  const start = project.start()
  expect(await start.ended).toBe(1)
  expect(start.output()).toBe(`Node.js ^16.0.0 || >=99.1 is needed; this is ${process.versions.node}.\n`)
})

async function untilRunning(): Promise<Start> {
  const start = project.start()
  await project.running()
  await project.forget()
  return start
}

const LOCK_WITH_A_PACKAGE_FROM_THE_REGISTRY = JSON.stringify({
  name: 'small',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'small', version: '1.0.0', dependencies: { 'left-pad': '1.3.0' } },
    'node_modules/left-pad': { version: '1.3.0', integrity: `sha512-${'A'.repeat(86)}==` },
  },
})
