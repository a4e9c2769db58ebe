import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** Nothing from elsewhere, nothing inline, nobody may frame the page. */
export function securityHeaders(options: { https: boolean }): RequestHandler {
  return always(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          connectSrc: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          requireTrustedTypesFor: ["'script'"],
        },
      },
      referrerPolicy: { policy: 'no-referrer' },
      xFrameOptions: { action: 'deny' },
      strictTransportSecurity: options.https,
      crossOriginEmbedderPolicy: false,
    }),
  )
}

/** What it sets is the same for every answer, so it is asked once. */
function always(handler: ReturnType<typeof helmet>): RequestHandler {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  const headers: [string, string][] = []
  response.setHeader = (name, value) => {
    headers.push([name, String(value)])
    return response
  }
  handler(request, response, () => {})
  return (_request, real, next) => {
    for (const [name, value] of headers) real.setHeader(name, value)
    next()
  }
}
