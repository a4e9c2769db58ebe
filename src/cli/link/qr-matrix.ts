import { PNG } from 'pngjs'
import { CliError } from '../cli-error.js'

/** The modules of a QR, row by row, without its quiet zone; `true` is dark. */
export type QrMatrix = readonly (readonly boolean[])[]

const prefix = 'data:image/png;base64,'

/**
 * Reads the modules from a picture that the gateway drew: upright, square, at least one pixel a module. What the code says stays unread.
 * The topmost dark row begins with the seven dark modules of a finder pattern (ISO/IEC 18004, 6.3.3), which tells a module's width.
 *
 * @throws CliError when this is no such picture
 */
export function qrMatrix(dataUrl: string): QrMatrix {
  const { width, height, data } = picture(dataUrl)
  const isDark = (x: number, y: number): boolean => (data[(y * width + x) * 4] ?? 255) < 128
  const first = firstDark(width, height, isDark)
  if (first === null) throw unreadable()
  const { x: left, y: top } = first
  const run = lengthOf(x => x < width && isDark(x, top), left)
  const module = run / 7
  // the last dark pixel of that row closes the other finder pattern
  let right = width - 1
  while (right > left && !isDark(right, top)) right -= 1
  const size = (right - left + 1) / module
  if (!Number.isInteger(module) || !isQrSize(size) || top + size * module > height) throw unreadable()
  const at = (start: number, index: number): number => start + index * module + Math.floor(module / 2)
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (__, column) => isDark(at(left, column), at(top, row))),
  )
}

function picture(dataUrl: string): PNG {
  if (!dataUrl.startsWith(prefix)) throw unreadable()
  try {
    return PNG.sync.read(Buffer.from(dataUrl.slice(prefix.length), 'base64'))
  } catch {
    throw unreadable()
  }
}

function firstDark(
  width: number,
  height: number,
  isDark: (x: number, y: number) => boolean,
): { x: number; y: number } | null {
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) if (isDark(x, y)) return { x, y }
  return null
}

function lengthOf(holds: (x: number) => boolean, from: number): number {
  let to = from
  while (holds(to)) to += 1
  return to - from
}

/** Versions 1 to 40 have 21 to 177 modules a side. */
function isQrSize(size: number): boolean {
  return Number.isInteger(size) && size >= 21 && size <= 177 && (size - 17) % 4 === 0
}

function unreadable(): CliError {
  return new CliError(
    'The gateway sent a picture in which there is no QR code.',
    'Update this command and the gateway to the same version, or link with --code.',
  )
}
