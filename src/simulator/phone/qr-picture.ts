import jsqr from 'jsqr'
import { PNG } from 'pngjs'
import { ScanError } from '../errors.js'

/** Node sees a function where jsqr's declarations describe a module around it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the declarations are wrong for ESM
const decode = jsqr as unknown as typeof jsqr.default

/**
 * Reads the QR out of a PNG's pixels, as a camera would.
 * @throws ScanError `qr_unreadable` when there is no picture or no QR in it.
 */
export function readQrPicture(png: Uint8Array): string {
  let picture: PNG
  try {
    picture = PNG.sync.read(Buffer.from(png))
  } catch {
    throw new ScanError('qr_unreadable', 'this is not a PNG picture')
  }
  const found = decode(new Uint8ClampedArray(picture.data), picture.width, picture.height)
  if (!found) throw new ScanError('qr_unreadable', 'there is no QR code in the picture')
  return found.data
}
