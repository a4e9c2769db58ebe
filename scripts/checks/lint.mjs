import { fileURLToPath } from 'node:url'
import { runTool } from './tool.mjs'

const configuration = fileURLToPath(new URL('../../.oxlintrc.json', import.meta.url))

/**
 * What oxlint finds with types at hand: faults, suspicious code, promises nobody waits for, runtime import cycles.
 * @returns {Promise<import('./tree.mjs').Finding[]>}
 */
export async function lint(root) {
  const args = ['--type-aware', '--format', 'json', '-c', configuration]
  const { code, output } = await runTool('oxlint/bin/oxlint', args, root)
  const report = read(output)
  if (report === null) return [{ file: '.oxlintrc.json', message: `oxlint did not report (${code}): ${output.trim()}` }]
  return report.diagnostics.map(({ filename, labels, code: rule, message }) => ({
    file: filename,
    line: labels[0]?.span.line,
    message: `${rule}: ${message}`,
  }))
}

function read(output) {
  try {
    return JSON.parse(output)
  } catch {
    return null
  }
}
