import { filesOf } from './tree.mjs'

/** Names that say nothing about what is inside: such places fill up with everything. */
const DRAWERS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'services', 'misc'])
const CODE = /^(src|tests|scripts|bench|examples)\//

/**
 * Folders and files named as drawers; code files that are not in kebab-case.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function names(root) {
  return filesOf(root).flatMap(file => {
    const drawer = file.split(/[/.-]/).find(word => DRAWERS.has(word))
    if (drawer !== undefined) return [{ file, message: `"${drawer}" says nothing about what is inside` }]
    const stem = file.split('/').at(-1).split('.')[0]
    const isCode = CODE.test(file) && /\.(ts|tsx|mjs|js)$/.test(file)
    return isCode && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem) ? [{ file, message: 'is not in kebab-case' }] : []
  })
}
