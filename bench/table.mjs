/**
 * Lines a person can read: first column to the left, the rest to the right.
 *
 * @param {(string | number)[][]} rows
 */
export function table(rows) {
  const cells = rows.map(row => row.map(String))
  const widths = cells[0].map((_, column) => Math.max(...cells.map(row => row[column].length)))
  const line = row =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')
  return cells.map(line).join('\n')
}
