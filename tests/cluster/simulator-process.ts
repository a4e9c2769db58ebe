import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { connectSimulator, type SimulatorControl } from '../../src/simulator/index.js'

const program = fileURLToPath(new URL('../../dist/simulator/bin.js', import.meta.url))

const Started = z.object({ controlUrl: z.string() })

/** The simulator as its own process, with its ledger in a file: it ends when this process does, however that ends. */
export class SimulatorProcess implements AsyncDisposable {
  private constructor(
    readonly control: SimulatorControl,
    readonly ledgerFile: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(options: { ledgerFile: string; frontEnds: number; seed: number }): Promise<SimulatorProcess> {
    const { ledgerFile, frontEnds, seed } = options
    const args = ['--with-parent', '--ledger', ledgerFile, '--front-ends', String(frontEnds), '--seed', String(seed)]
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit').then(([how]) => Promise.reject(new Error(`the simulator ended with ${how}`)))
    const [line]: unknown[] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    ended.catch(() => {})
    const { controlUrl } = Started.parse(JSON.parse(String(line)))
    return new SimulatorProcess(await connectSimulator(controlUrl), ledgerFile, child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await ended
  }
}
