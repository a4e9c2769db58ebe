const STATEMENT = /(?:^|\n)[ \t]*(?:import|export)\s+(type\s+)?(?:[\w$*{},\s]+?\sfrom\s+|)(['"])([^'"\n]+)\2/g
const EXPRESSION = /(typeof\s+)?\bimport\(\s*(['"])([^'"\n]+)\2\s*\)/g

/**
 * What a module imports or passes on, by static statements and `import('…')`.
 * @param {string} text TypeScript or JavaScript
 * @returns {{ specifier: string, typesOnly: boolean, line: number }[]}
 */
export function importsOf(text) {
  return [...matches(text, STATEMENT), ...matches(text, EXPRESSION)].toSorted((a, b) => a.line - b.line)
}

function matches(text, pattern) {
  return [...text.matchAll(pattern)].map(match => ({
    specifier: match[3],
    typesOnly: match[1] !== undefined,
    line: text.slice(0, match.index + match[0].length).split('\n').length,
  }))
}
