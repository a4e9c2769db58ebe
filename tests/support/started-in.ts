import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Refusal } from './refused-start.js'

/** Starts the gateway that is built in another folder, and awaits its end. */
export function startedIn(folder: string, env: Record<string, string>): Promise<Refusal> {
  return new Promise(resolve => {
    const program = join(folder, 'dist', 'backend', 'main.js')
    const given = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', PORT: '0', ...env }
    execFile(process.execPath, [program], { cwd: folder, env: given }, (error, stdout, stderr) => {
      const lines = `${stdout}\n${stderr}`.split('\n').filter(line => line !== '')
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, lines })
    })
  })
}
