/**
 * The gallery as a document: one heading per state, one table per picture.
 * @param {readonly { state: string, picture: { name: string, about: string } }[]} exhibits
 */
export function galleryDocument(exhibits, formats, themes) {
  const columns = formats.flatMap(format => themes.map(theme => ({ format: format.name, theme })))
  const head = `| ${columns.map(({ format, theme }) => `${format}, ${theme}`).join(' | ')} |`
  const rule = `| ${columns.map(() => '---').join(' | ')} |`
  const parts = [
    '# Every state of the linking page',
    'Made by `npx vite build && node scripts/gallery.mjs` from the built page with scripted answers. `tests/gallery.test.ts` proves that',
    'no state is missing, and checks each for accessibility, overflow, size of targets and order of focus.',
  ]
  const lines = [parts[0], '', ...parts.slice(1)]
  let last = null
  for (const { state, picture } of exhibits) {
    if (state !== last) lines.push('', `## ${state}`)
    last = state
    const cells = columns.map(({ format, theme }) => {
      const alt = `${picture.about} ${format}, ${theme}`
      return `![${alt}](gallery/${picture.name}-${format}-${theme}.webp)`
    })
    lines.push('', picture.about, '', head, rule, `| ${cells.join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}
