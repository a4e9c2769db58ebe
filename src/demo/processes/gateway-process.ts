import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { stopPostmaster } from '../../backend/database/local/postmaster.js'
import type { DataFolder } from '../data-folder.js'
import { DemoError } from '../demo-error.js'
import { startChild, type Child } from './child.js'
import type { SimulatorPlace } from './simulator-process.js'

export interface GatewayProcess extends AsyncDisposable {
  readonly port: number
  readonly child: Child<number>
}

/** The gateway's own line once its door is open. */
const Listening = z.object({ event: z.literal('listening'), port: z.number().int() })

const program = fileURLToPath(new URL('gateway-child.js', import.meta.url))

/**
 * The gateway as an operator runs it, on a free port and with a database of its own, told that WhatsApp is the simulator.
 *
 * @throws DemoError `gateway_failed` with the gateway's own words
 */
export async function startGatewayProcess(
  folder: DataFolder,
  whatsapp: SimulatorPlace,
  env: NodeJS.ProcessEnv,
): Promise<GatewayProcess> {
  const logFile = folder.file('gateway.log')
  const dataDir = folder.file('gateway')
  const child = startChild({
    file: program,
    env: {
      // every phone of the demo is linked from one address; who sets a limit of their own wants to see it
      LINK_MAX_PER_ADDRESS: '100000',
      ...env,
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      DATA_DIR: dataDir,
      WHATSAPP_URL: whatsapp.url,
      WHATSAPP_ROOT_KEY: whatsapp.rootKey,
    },
    logFile,
    announced: portIn,
  })
  const port = await child.ready
  const stop = async (): Promise<void> => {
    await child[Symbol.asyncDispose]()
    // A gateway that did not end by its own will has left its database running; the folder is this demo's alone.
    await stopPostmaster(path.join(dataDir, 'postgres', 'cluster'))
  }
  if (port !== null) return { port, child, [Symbol.asyncDispose]: stop }
  await stop()
  const { lastWords } = await child.ended
  const database = lastWords.includes('DATABASE_URL') ? ' (for the demo the setting is DEMO_DATABASE_URL)' : ''
  throw new DemoError(
    'gateway_failed',
    'The gateway could not start.',
    `What it said is in ${logFile}`,
    lastWords + database,
  )
}

function portIn(line: string): number | null {
  if (!line.includes('"listening"')) return null
  try {
    return Listening.safeParse(JSON.parse(line)).data?.port ?? null
  } catch {
    return null
  }
}
