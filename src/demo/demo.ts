import { fileURLToPath } from 'node:url'
import { Releases } from '../backend/releases.js'
import { connectSimulator } from '../simulator/control/remote-simulator.js'
import { claimDataFolder } from './data-folder.js'
import { DemoError } from './demo-error.js'
import { openPhones } from './phones/phones.js'
import { watchPhones } from './phones/phones-watch.js'
import type { Child } from './processes/child.js'
import { startGatewayProcess } from './processes/gateway-process.js'
import { startSimulatorProcess } from './processes/simulator-process.js'
import { openDemoServer } from './server/demo-server.js'
import { gatewayProxy } from './server/gateway-proxy.js'
import { openPageFiles } from './server/page-files.js'
import { phonesApi } from './server/phones-api.js'
import type { DemoSettings } from './settings.js'

export type DemoDeps = {
  settings: DemoSettings
  /** One line for the person at the terminal. */
  say: (line: string) => void
  /** A stop was asked for: a start that is still under way gives up. */
  stopping: AbortSignal
}

export interface Demo extends AsyncDisposable {
  /** The one address to open. */
  readonly url: string
  /** Settles when a part ends by itself, which is the end of the demo. */
  readonly failed: Promise<DemoError>
}

const pageFolder = fileURLToPath(new URL('phones-page', import.meta.url))

/**
 * Starts the simulated WhatsApp and the gateway, each in a process of its own, and serves the page with the phones beside the gateway's.
 * Disposal ends them in reverse: nobody is left who could miss anything.
 *
 * @throws DemoError
 */
export async function startDemo({ settings, say, stopping }: DemoDeps): Promise<Demo> {
  const releases = new Releases()
  try {
    return await compose(settings, say, stopping, releases)
  } catch (error) {
    await releases[Symbol.asyncDispose]()
    throw error
  }
}

async function compose(
  { dataDir, ports, childEnv }: DemoSettings,
  say: DemoDeps['say'],
  stopping: AbortSignal,
  releases: Releases,
): Promise<Demo> {
  const files = await openPageFiles(pageFolder)
  const folder = releases.use(await claimDataFolder(dataDir))
  const server = releases.use(await openDemoServer(ports))

  say('Starting a simulated WhatsApp…')
  const simulator = await startSimulatorProcess(folder, childEnv)
  releases.use(simulator.child)
  stopping.throwIfAborted()
  const phones = await openPhones(await connectSimulator(simulator.place.controlUrl))

  say('Starting the gateway…')
  const gateway = releases.use(await startGatewayProcess(folder, simulator.place, childEnv))
  stopping.throwIfAborted()

  const watch = watchPhones({ view: () => phones.view() })
  releases.use({ [Symbol.asyncDispose]: async () => watch[Symbol.dispose]() })
  server.serve({ files, api: phonesApi({ phones, watch }), proxy: gatewayProxy(gateway.port) })
  await folder.tellAddress(server.url)
  const failed = Promise.race([
    ending(simulator.child, 'simulator_failed', 'The simulated WhatsApp', folder.file('simulator.log')),
    ending(gateway.child, 'gateway_failed', 'The gateway', folder.file('gateway.log')),
  ])
  return { url: server.url, failed, [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose]() }
}

async function ending(
  child: Child<unknown>,
  code: 'simulator_failed' | 'gateway_failed',
  name: string,
  logFile: string,
): Promise<DemoError> {
  const { code: exitCode, signal, lastWords } = await child.ended
  const how = signal === null ? `exit code ${String(exitCode)}` : signal
  return new DemoError(
    code,
    `${name} has ended (${how}), and the demo with it.`,
    `What it said is in ${logFile}\nRun npm run demo again; all accounts are kept.`,
    lastWords,
  )
}
