import { PNG } from 'pngjs'
import QRCode from 'qrcode'
import { expect, test } from 'vitest'
import { qrMatrix } from './qr-matrix.js'

const text = '2@'.padEnd(237, 'Kx7,')

const dataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`

function modules(content: string, version?: number): boolean[][] {
  const { modules: bits } = QRCode.create(content, {
    errorCorrectionLevel: 'L',
    ...(version !== undefined && { version }),
  })
  return Array.from({ length: bits.size }, (_, row) =>
    Array.from({ length: bits.size }, (__, column) => bits.get(row, column) === 1),
  )
}

test.each([1, 2, 3, 4, 7])('every module is read at %i pixels a module', async scale => {
  const png = await QRCode.toBuffer(text, { errorCorrectionLevel: 'L', margin: 4, scale })
  expect(qrMatrix(dataUrl(png))).toEqual(modules(text))
})

test.each([1, 6, 7, 20, 40])('version %i is read', async version => {
  const png = await QRCode.toBuffer('x', { errorCorrectionLevel: 'L', margin: 1, scale: 2, version })
  expect(qrMatrix(dataUrl(png))).toEqual(modules('x', version))
})

const drawn = (width: number, isDark: (x: number, y: number) => boolean): string => {
  const png = new PNG({ width, height: width })
  for (let y = 0; y < width; y += 1)
    for (let x = 0; x < width; x += 1) {
      png.data.fill(isDark(x, y) ? 0 : 255, (y * width + x) * 4)
      png.data[(y * width + x) * 4 + 3] = 255
    }
  return dataUrl(PNG.sync.write(png))
}

test.each([
  ['nothing', ''],
  ['another kind of address', 'https://example.com/qr.png'],
  ['no picture', 'data:image/png;base64,AAAA'],
  ['a white picture', drawn(40, () => false)],
  ['a black picture', drawn(40, () => true)],
  ['a line', drawn(40, (_, y) => y === 20)],
  ['a QR cut off below', drawn(42, (x, y) => y === 40 && (x < 14 || x > 27))],
])('%s is refused in words', (_, address) => {
  expect(() => qrMatrix(address)).toThrow('in which there is no QR code')
})
