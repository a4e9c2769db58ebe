import type { IncomingMessage } from 'node:http'
import { PhonesError } from '../phones/phones-error.js'

const JSON_LIMIT = 64 * 1024
/** The gateway's pictures have a few kilobytes. */
const PICTURE_LIMIT = 2 * 1024 * 1024

/** @throws PhonesError `unsupported_media_type`, `body_too_large`, `bad_request` */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request, 'application/json', JSON_LIMIT)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new PhonesError('bad_request', 400, 'The body is not valid JSON.')
  }
}

/** The bytes of a PNG. @throws PhonesError `unsupported_media_type`, `body_too_large` */
export function readPicture(request: IncomingMessage): Promise<Buffer> {
  return readBody(request, 'image/png', PICTURE_LIMIT)
}

/** A page of another site cannot send these types without asking, and is not answered when it asks. */
async function readBody(request: IncomingMessage, type: string, limit: number): Promise<Buffer> {
  if (request.headers['content-type']?.split(';')[0]?.trim() !== type) {
    throw new PhonesError('unsupported_media_type', 415, `The body must be ${type}.`)
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > limit) throw new PhonesError('body_too_large', 413, 'The body is too large.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
