import { lineCount, matchingLines, textsOf } from './tree.mjs'

const LONGEST_FILE = 300
const LONGEST_LINE = 160
const MEDIAN = 80

const CODE = /(\.(ts|tsx|js|mjs|css|sql|html|sh)|^\.ci\/run)$/
const REASON = /^(\/\/|--|\/\*|#|<!--) length: \S/

/**
 * Files too long to read at one go. A file may give its reason in its first line: `// length: …`.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function fileLength(root) {
  return code(root)
    .map(({ file, text }) => ({ file, text, count: lineCount(text) }))
    .filter(({ text, count }) => count > LONGEST_FILE && !REASON.test(text))
    .map(({ file, count }) => ({ file, message: `has ${count} lines, more than ${LONGEST_FILE}, and gives no reason` }))
}

/**
 * Whether most files are small.
 * @returns {{ findings: import('./tree.mjs').Finding[], note: string }}
 */
export function typicalLength(root) {
  const counts = code(root)
    .map(({ text }) => lineCount(text))
    .toSorted((a, b) => a - b)
  const at = share => counts[Math.min(counts.length - 1, Math.floor(counts.length * share))] ?? 0
  const findings = []
  if (at(0.5) >= MEDIAN) findings.push({ file: '.', message: `half of all files have ${at(0.5)} lines or more` })
  if (at(0.95) >= LONGEST_FILE)
    findings.push({ file: '.', message: `one file in twenty has ${at(0.95)} lines or more` })
  return { findings, note: `${counts.length} files, median ${at(0.5)} lines, p95 ${at(0.95)}` }
}

/**
 * Lines too wide to read.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function lineLength(root) {
  const tooLong = new RegExp(`^.{${LONGEST_LINE + 1},}$`, 'u')
  return code(root).flatMap(source =>
    matchingLines(source, tooLong, ([line]) => `has ${Array.from(line).length} characters, more than ${LONGEST_LINE}`),
  )
}

const code = root => textsOf(root).filter(({ file }) => CODE.test(file))
