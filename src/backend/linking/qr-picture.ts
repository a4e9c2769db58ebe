import QRCode from 'qrcode'

/** Pictures kept: the answer to a start and the first live event show the same code within moments. */
const keptPictures = 64

/** A picture is as secret as its code, which is shown for no longer. */
const keptMs = 60_000

/** Options of the PNG encoder below: grey, unfiltered, lightly packed. */
const packing = { colorType: 0, filterType: 0, deflateLevel: 3 }

const pictures = new Map<string, Promise<string>>()

/**
 * A PNG data URL, dark on light with its quiet zone, four pixels a module: the page scales it without blurring. Lightly packed,
 * because drawing it takes longer than anything else between a start and its code.
 */
export function qrPicture(qr: string): Promise<string> {
  const kept = pictures.get(qr)
  if (kept !== undefined) return kept
  const [oldest] = pictures.keys()
  if (pictures.size >= keptPictures && oldest !== undefined) pictures.delete(oldest)
  const picture = draw(qr)
  pictures.set(qr, picture)
  setTimeout(() => {
    if (pictures.get(qr) === picture) pictures.delete(qr)
  }, keptMs).unref()
  return picture
}

async function draw(qr: string): Promise<string> {
  const png = await QRCode.toBuffer(qr, { errorCorrectionLevel: 'L', margin: 4, scale: 4, rendererOpts: packing })
  return `data:image/png;base64,${png.toString('base64')}`
}
