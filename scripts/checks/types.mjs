import path from 'node:path'
import { filesOf } from './tree.mjs'
import { runTool } from './tool.mjs'

/**
 * Type errors of every project in the tree: each tsconfig file is one.
 * @returns {Promise<import('./tree.mjs').Finding[]>}
 */
export async function types(root) {
  const projects = filesOf(root).filter(file => /^tsconfig(\..+)?\.json$/.test(path.basename(file)))
  const found = []
  for (const project of projects) {
    const args = ['-p', project, '--noEmit', '--pretty', 'false']
    const { code, output } = await runTool('typescript/bin/tsc', args, root)
    if (code !== 0) found.push(...read(output, project))
  }
  return unique(found)
}

function read(output, project) {
  const errors = [...output.matchAll(/^(.+?)\((\d+),\d+\): error (.+)$/gm)]
  if (errors.length === 0) return [{ file: project, message: output.trim() }]
  return errors.map(([, file, line, message]) => ({ file, line: Number(line), message }))
}

/** Projects overlap: one error may be met twice. */
function unique(findings) {
  return [...new Map(findings.map(finding => [JSON.stringify(finding), finding])).values()]
}
