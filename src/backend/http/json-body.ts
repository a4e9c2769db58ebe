import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import type { ErrorCode } from '../../contract/errors.js'
import { GatewayError } from '../errors.js'
import { duplicateKey } from './duplicate-keys.js'
import { fieldsAtFault } from './field-errors.js'
import { unstorableText } from './unstorable-text.js'

/** Of a route that names no other limit. */
const usualLimitBytes = 64 * 1024

/** No request of ours is nested even a few levels deep. */
const limitDepth = 32

/** Keys that reach an object's prototype in careless code anywhere below. No request of ours has them. */
const poisonous = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads a JSON body: one plain object in UTF-8, or nothing at all for one without fields, bounded in size and depth, without fields that are
 * there twice or could pollute prototypes, and without text that could not be stored as it is. What is too large is refused as soon as that
 * is known, and the rest is never read. Compressed bodies are refused: no request is large enough to need it.
 * @throws GatewayError `unsupported_media_type`, `body_too_large`, `invalid_json`, `validation_failed`
 */
export async function readJsonBody(request: Request, limitBytes = usualLimitBytes): Promise<object> {
  if (request.method !== 'POST' && request.method !== 'PATCH') return {}
  if (isEmpty(request)) return {}
  requireJson(request)
  return parseObject(await read(request, limitBytes))
}

/** Nothing is sent and nothing is claimed about it: the same as an object without fields. A form always names its type. */
function isEmpty({ headers }: Request): boolean {
  const length = headers['content-length'] ?? '0'
  return headers['content-type'] === undefined && headers['transfer-encoding'] === undefined && /^0+$/.test(length)
}

/** A body that a form on another site can send without asking is not JSON. */
function requireJson(request: Request): void {
  if (!request.is('application/json')) {
    throw refusal('unsupported_media_type', 'The body must be JSON.', 'Send it with Content-Type: application/json.')
  }
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(request.headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw refusal('unsupported_media_type', 'The body has an unsupported charset.', 'Send JSON encoded as UTF-8.')
  }
  if (!/^(identity)?$/i.test(request.headers['content-encoding'] ?? '')) {
    throw refusal('unsupported_media_type', 'The body is compressed.', 'Send the JSON uncompressed.')
  }
}

function read(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = Number(request.headers['content-length'] ?? 0)
    if (size > limitBytes) return reject(tooLarge(limitBytes))
    size = 0
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size <= limitBytes) return void chunks.push(chunk)
      request.off('data', onData).pause()
      reject(tooLarge(limitBytes))
    }
    const onClose = (): void => reject(invalid())
    request.on('data', onData)
    request.once('end', () => {
      // every request closes, and an error that nobody hears costs as much as one that somebody does
      request.off('close', onClose)
      resolve(Buffer.concat(chunks))
    })
    request.once('close', onClose)
  })
}

function parseObject(bytes: Buffer): object {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw invalid()
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isHostile(value)) throw invalid()
  const twice = duplicateKey(text)
  if (twice !== null) throw fieldsAtFault([{ path: twice.slice(0, 200), message: 'is there twice' }])
  const unstorable = unstorableText(value)
  if (unstorable !== null)
    throw fieldsAtFault([{ path: unstorable.slice(0, 200), message: 'must not hold NUL or half a character' }])
  return value
}

/** Level by level: recursion would be as deep as the sender likes. */
function isHostile(root: object): boolean {
  let level: object[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limitDepth || level.some(node => Object.keys(node).some(key => poisonous.has(key)))) return true
    level = level.flatMap(node => Object.values(node)).filter(value => typeof value === 'object' && value !== null)
  }
  return false
}

const statuses = { invalid_json: 400, body_too_large: 413, unsupported_media_type: 415 } as const

function refusal(code: ErrorCode & keyof typeof statuses, message: string, action: string): GatewayError {
  return new GatewayError({ code, status: statuses[code], message, action })
}

const invalid = () =>
  refusal('invalid_json', 'The body is not a JSON object this server reads.', 'Send one JSON object, encoded as UTF-8.')

const tooLarge = (limitBytes: number) =>
  refusal('body_too_large', 'The body is too large.', `Send less than ${Math.floor(limitBytes / 1_024)} kB.`)
