import QRCode from 'qrcode'
import { describe, expect, test } from 'vitest'
import { photograph } from '../../../tests/support/cli-terminal.js'
import { readQrPicture } from '../../simulator/phone/qr-picture.js'
import { qrArt, type QrArt } from './qr-art.js'
import { qrMatrix } from './qr-matrix.js'

const text = '2@'.padEnd(237, 'Kx7,')
const roomy = { columns: 80, rows: 40 }

async function artOf(room = roomy, colour = true): Promise<QrArt> {
  const png = await QRCode.toBuffer(text, { errorCorrectionLevel: 'L', margin: 4, scale: 4 })
  return qrArt(qrMatrix(`data:image/png;base64,${png.toString('base64')}`), room, colour)
}

function linesOf(art: QrArt): string[] {
  if ('needs' in art) throw new Error('it did not fit')
  return art.lines
}

const colours = '\u001b[38;5;16;48;5;231m'
const bare = (line: string): string => line.replace(colours, '').replace('\u001b[0m', '')

describe('a QR as long as WhatsApp’s', () => {
  test('is read off the screen, black on white in every line, with four light modules around it', async () => {
    const lines = linesOf(await artOf())
    for (const line of lines) expect(line.startsWith(colours) && line.endsWith('\u001b[0m')).toBe(true)
    const cells = lines.map(bare)
    expect(cells[0]?.length).toBe(65)
    expect(cells).toHaveLength(33)
    expect(cells.slice(0, 2).every(line => line.trim() === '')).toBe(true)
    expect(cells.every(line => line.startsWith('    ') && line.endsWith('    '))).toBe(true)
    expect(readQrPicture(photograph(cells))).toBe(text)
  })

  test('is read without colours too: what is light is drawn', async () => {
    const lines = linesOf(await artOf(roomy, false))
    expect(lines.join('')).toMatch(/^[█▀▄ ]+$/)
    expect(readQrPicture(photograph(lines, { inkIsDark: false }))).toBe(text)
  })

  test('gets narrower margins in a smaller window, and is still read', async () => {
    const lines = linesOf(await artOf({ columns: 64, rows: 32 })).map(bare)
    expect(lines).toHaveLength(31)
    expect(readQrPicture(photograph(lines))).toBe(text)
  })

  test('is not drawn where it does not fit', async () => {
    expect(await artOf({ columns: 80, rows: 30 })).toEqual({ needs: { columns: 61, rows: 31 } })
    expect(await artOf({ columns: 60, rows: 40 })).toEqual({ needs: { columns: 61, rows: 31 } })
  })
})
