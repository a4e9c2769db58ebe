import type { IncomingMessage } from 'node:http'
import { Router, type RequestHandler } from 'express'
import proxyAddr from 'proxy-addr'
import { invalidServiceToken, type Identify } from '../http/identify.js'
import type { Metrics } from './metrics.js'

export type MetricsDoorDeps = {
  metrics: Pick<Metrics, 'text' | 'contentType'>
  identify: Identify
  /** Who may look without the service token: addresses and ranges, or the names of `proxy-addr`. */
  from: readonly string[]
}

/**
 * `GET /metrics`, for whoever has the service token, and for watchers at the given addresses who come straight from there. What a proxy
 * passes on is never taken for its own: to a proxy on the same machine the whole world has the address of this machine.
 */
export function metricsDoor({ metrics, identify, from }: MetricsDoorDeps): RequestHandler {
  const isNear = proxyAddr.compile([...from])
  const mayLook = (request: IncomingMessage) =>
    (isNear(request.socket.remoteAddress ?? '', 0) && !isPassedOn(request)) || identify(request).kind === 'service'
  return Router().get('/metrics', (request, response, next) => {
    if (!mayLook(request)) throw invalidServiceToken()
    response.set('Cache-Control', 'no-store').type(metrics.contentType)
    metrics.text().then(text => response.send(text), next)
  })
}

const passedOn = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'] as const

const isPassedOn = ({ headers }: IncomingMessage): boolean => passedOn.some(name => headers[name] !== undefined)
