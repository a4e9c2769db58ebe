import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { DataFolder } from '../data-folder.js'
import { DemoError } from '../demo-error.js'
import { startChild, type Child } from './child.js'

const Announced = z.object({ url: z.string(), rootKey: z.string(), controlUrl: z.string() })

export type SimulatorPlace = z.infer<typeof Announced>

export type SimulatorProcess = { place: SimulatorPlace; child: Child<SimulatorPlace> }

const program = fileURLToPath(new URL('../../simulator/bin.js', import.meta.url))

/**
 * A WhatsApp of this demo's own, in its own process. Its accounts and its root of trust stay in the data folder.
 *
 * @throws DemoError `simulator_failed`
 */
export async function startSimulatorProcess(folder: DataFolder, env: NodeJS.ProcessEnv): Promise<SimulatorProcess> {
  const logFile = folder.file('simulator.log')
  const files = ['--state', folder.file('simulator.json'), '--root-key', folder.file('simulator-root.json')]
  const child = startChild({
    file: program,
    args: [...files, '--with-parent'],
    env,
    logFile,
    announced: line => Announced.safeParse(jsonIn(line)).data ?? null,
  })
  const place = await child.ready
  if (place !== null) return { place, child }
  await child[Symbol.asyncDispose]()
  const { lastWords } = await child.ended
  throw new DemoError(
    'simulator_failed',
    'The simulated WhatsApp could not start.',
    `What it said is in ${logFile}`,
    lastWords,
  )
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
