import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectSimulator } from '../dist/simulator/index.js'
import { Child } from './child.mjs'
import { databaseIn, makeFolder } from './folders.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROBE = new URL('./probe.mjs', import.meta.url).href
const START_LIMIT_MS = 60_000
const LOOK_EVERY_MS = 50

/** What a child needs of our environment. Node's own options and the product's settings must not leak in. */
export const plainEnv = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, LANG: process.env.LANG })

/**
 * The simulator in a process of its own, which ends when this one does.
 *
 * @param {import('./closing.mjs').Closing} closing
 */
export async function startSimulator(closing) {
  const bin = path.join(ROOT, 'dist', 'simulator', 'bin.js')
  const child = spawn(process.execPath, [bin, '--with-parent'], {
    env: plainEnv(),
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  closing.add(child, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
  })
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('The simulator did not start.'))),
  ])
  const { controlUrl } = JSON.parse(line)
  return { control: await connectSimulator(controlUrl), pid: child.pid }
}

/**
 * A data folder that is thrown away afterwards.
 *
 * @param {import('./closing.mjs').Closing} closing
 */
export function makeDataFolder(closing) {
  const folder = makeFolder()
  return closing.add(folder, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
}

/**
 * The gateway as a person runs it at home: built, with its own durable PostgreSQL.
 *
 * @param {import('./closing.mjs').Closing} closing
 * @param {{ simulator: { url: string, rootKey: string }, env?: NodeJS.ProcessEnv, nodeOptions?: string[], folder?: string }} options
 */
export async function startGateway(
  closing,
  { simulator, env = {}, nodeOptions = [], folder = makeDataFolder(closing) },
) {
  const started = performance.now()
  const port = await freePort()
  const program = path.join(ROOT, 'dist', 'backend', 'main.js')
  const child = new Child('The gateway', [...nodeOptions, '--import', PROBE, program], {
    ...plainEnv(),
    PORT: String(port),
    DATA_DIR: folder,
    LOG_LEVEL: 'warn',
    // every visitor comes from one address
    LINK_MAX_PER_ADDRESS: '100000',
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
    ...env,
  })
  closing.add(child, () => child.stop())
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, url)
  return { child, url, databasePid: databasePid(folder), started, apiUpMs: performance.now() - started }
}

/** The database of a data folder; null when the gateway was given another. */
function databasePid(folder) {
  const file = databaseIn(folder)
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : null
}

/**
 * Plain Baileys in a process of its own.
 *
 * @param {import('./closing.mjs').Closing} closing
 * @param {{ simulator: { url: string, rootKey: string }, nodeOptions?: string[], env?: NodeJS.ProcessEnv }} options
 */
export async function startRaw(closing, { simulator, nodeOptions = [], env = {} }) {
  const program = fileURLToPath(new URL('./raw-baileys.mjs', import.meta.url))
  const child = new Child('Raw Baileys', [...nodeOptions, '--import', PROBE, program], {
    ...plainEnv(),
    WHATSAPP_URL: simulator.url,
    WHATSAPP_ROOT_KEY: simulator.rootKey,
    ...env,
  })
  closing.add(child, () => child.stop())
  await child.ask('ready')
  return child
}

async function untilReady(child, url) {
  const deadline = performance.now() + START_LIMIT_MS
  for (;;) {
    child.assertRuns()
    const up = await fetch(`${url}/health`).then(
      async response => (await response.text(), response.ok),
      () => false,
    )
    if (up) return
    if (performance.now() > deadline) throw new Error(`The gateway was not ready within ${START_LIMIT_MS} ms.`)
    await delay(LOOK_EVERY_MS)
  }
}

/** The gateway says its port only at the log level `info`, so it is given one. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
