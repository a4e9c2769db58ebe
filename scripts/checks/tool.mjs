import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

const installed = fileURLToPath(new URL('../../node_modules/', import.meta.url))

/**
 * Runs an installed program on a tree. Programs that it needs itself are found as they are under npm.
 * @param {string} file the program, below node_modules
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runTool(file, args, cwd) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${installed}.bin${delimiter}${process.env.PATH ?? ''}` }
    const child = spawn(process.execPath, [installed + file, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    child.stdout.on('data', chunk => output.push(chunk))
    child.stderr.on('data', chunk => output.push(chunk))
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? 1, output: Buffer.concat(output).toString('utf8') }))
  })
}
