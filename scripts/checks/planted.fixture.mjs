import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * A tree of its own for one test, removed afterwards.
 * @param {Record<string, string>} files texts by path
 * @returns {string} the root
 */
export function planted(files) {
  const root = mkdtempSync(path.join(tmpdir(), 'whizlite-check-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [place, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, place)), { recursive: true })
    writeFileSync(path.join(root, place), text)
  }
  return root
}
