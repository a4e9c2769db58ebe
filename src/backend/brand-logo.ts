import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import type { RequestHandler } from 'express'

const types: Record<string, string> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.jpg': 'image/jpeg',
}

export const logoPath = '/brand/logo'

/** The operator's own logo from `BRAND_LOGO`, served from one fixed address whatever its file is called. */
export function brandLogo(file: string): RequestHandler {
  return (_request, response, next) => {
    response.type(types[extname(file).toLowerCase()] ?? 'application/octet-stream')
    createReadStream(file).once('error', next).pipe(response)
  }
}
