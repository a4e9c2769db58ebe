import type { WindowSize } from '../terminal.js'
import type { QrMatrix } from './qr-matrix.js'

/** Light modules around a QR: four are asked for (ISO/IEC 18004, 6.3.8), phones do with two. */
const quietZones = [4, 2]

/** Black and white of the 256 colours, which themes leave alone, unlike the first sixteen. */
const blackOnWhite = '\u001b[38;5;16;48;5;231m'
const reset = '\u001b[0m'

/** Upper and lower half of a character cell: both ink, upper, lower, none. */
const blocks = { both: '█', upper: '▀', lower: '▄', none: ' ' } as const

export type QrArt = { lines: string[] } | { needs: WindowSize }

/**
 * A QR in half-block characters, two modules a cell, dark on light whatever the terminal's colours are. Without colours the light
 * modules are drawn, as on a dark background.
 *
 * @param room what the window has to spare
 * @returns the lines, or the room that it needs at least
 */
export function qrArt(matrix: QrMatrix, room: WindowSize, colour: boolean): QrArt {
  for (const quiet of quietZones) {
    const { columns, rows } = roomFor(matrix, quiet)
    if (columns <= room.columns && rows <= room.rows) return { lines: draw(matrix, quiet, colour) }
  }
  return { needs: roomFor(matrix, quietZones.at(-1) ?? 0) }
}

function roomFor({ length }: QrMatrix, quiet: number): WindowSize {
  const side = length + 2 * quiet
  return { columns: side, rows: Math.ceil(side / 2) }
}

function draw(matrix: QrMatrix, quiet: number, colour: boolean): string[] {
  const side = matrix.length + 2 * quiet
  const inked = (column: number, row: number): boolean => (matrix[row - quiet]?.[column - quiet] ?? false) === colour
  return Array.from({ length: Math.ceil(side / 2) }, (_, line) => {
    const cells = Array.from({ length: side }, (__, column) => {
      // an odd number of rows leaves half a line, which belongs to neither
      const lower = line * 2 + 1 < side ? inked(column, line * 2 + 1) : !colour
      return cell(inked(column, line * 2), lower)
    }).join('')
    return colour ? `${blackOnWhite}${cells}${reset}` : cells
  })
}

function cell(upper: boolean, lower: boolean): string {
  if (upper) return lower ? blocks.both : blocks.upper
  return lower ? blocks.lower : blocks.none
}
