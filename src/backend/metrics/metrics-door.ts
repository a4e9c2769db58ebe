import type { IncomingMessage } from 'node:http'
import { Router, type RequestHandler } from 'express'
import proxyAddr from 'proxy-addr'
import { GatewayError } from '../errors.js'
import type { Identify } from '../http/identify.js'
import { invalidServiceToken } from '../http/refusals.js'
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
  const isService = async (request: IncomingMessage): Promise<boolean> => {
    try {
      return (await identify(request)).kind === 'service'
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'unauthenticated') return false
      throw error
    }
  }
  const mayLook = async (request: IncomingMessage): Promise<boolean> =>
    (isNear(request.socket.remoteAddress ?? '', 0) && !isPassedOn(request)) || isService(request)
  const figures = async (request: IncomingMessage): Promise<string> => {
    if (!(await mayLook(request))) throw invalidServiceToken()
    return metrics.text()
  }
  return Router().get('/metrics', (request, response, next) => {
    figures(request).then(text => {
      response.set('Cache-Control', 'no-store').type(metrics.contentType).send(text)
    }, next)
  })
}

const passedOn = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'] as const

const isPassedOn = ({ headers }: IncomingMessage): boolean => passedOn.some(name => headers[name] !== undefined)
