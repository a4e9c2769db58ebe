import { runTool } from './tool.mjs'

/**
 * Files that prettier would write differently.
 * @returns {Promise<import('./tree.mjs').Finding[]>}
 */
export async function format(root) {
  const args = ['.', '--list-different', '--cache', '--cache-strategy', 'content']
  const { code, output } = await runTool('prettier/bin/prettier.cjs', args, root)
  if (code === 0) return []
  return output
    .trim()
    .split('\n')
    .map(line =>
      line.startsWith('[')
        ? { file: '.', message: line }
        : { file: line, message: 'is not formatted: npx prettier --write' },
    )
}
