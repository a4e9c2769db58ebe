/** The bytes of a QR code that was answered as the address of a picture. */
export function pictureOf(qrCode: unknown): Buffer {
  return Buffer.from(String(qrCode).split(',')[1] ?? '', 'base64')
}
