import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { Route } from './route.js'

type Place = { path: string; parts: readonly string[]; handlers: readonly RequestHandler[] }

const plainPart = /^[\w.~-]+$/

/**
 * Finds the route of a request that is written as the routes are, without looking at all the others: Express asks them one after the other.
 * Whatever is written otherwise (escapes, other case, a slash at the end), or has no route here, goes on to the next handler, where Express
 * decides as ever.
 * @param before what stands in front of a route
 */
export function ownPaths(
  routes: ReadonlyMap<Route, RequestHandler>,
  before: (route: Route) => readonly RequestHandler[],
): RequestHandler {
  const places = new Map<string, Place[]>()
  for (const [route, handler] of routes) {
    const parts = route.path.split('/')
    const shape = shapeOf(route.method, parts)
    places.set(shape, [
      ...(places.get(shape) ?? []),
      { path: route.path, parts, handlers: [...before(route), handler] },
    ])
  }
  return (request, response, next) => {
    const [path = ''] = request.url.split('?', 1)
    const parts = path.split('/')
    for (const place of places.get(shapeOf(request.method.toLowerCase(), parts)) ?? []) {
      const params = paramsOf(place.parts, parts)
      if (params === null) continue
      request.params = params
      request.route = { path: place.path }
      return run(place.handlers, request, response, next)
    }
    next()
  }
}

const shapeOf = (method: string, parts: readonly string[]): string => `${method} ${parts.length}`

function paramsOf(wanted: readonly string[], given: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const found = given[index] ?? ''
    if (!part.startsWith(':')) {
      if (part !== found) return null
    } else if (plainPart.test(found)) params[part.slice(1)] = found
    else return null
  }
  return params
}

/** One after the other, as Express does; what one throws or passes on as an error ends it. */
function run(handlers: readonly RequestHandler[], request: Request, response: Response, next: NextFunction): void {
  const step = (index: number): void => {
    const handler = handlers[index]
    if (handler === undefined) return next()
    const passOn = (error?: unknown): void => (error === undefined ? step(index + 1) : next(error))
    try {
      const done: unknown = handler(request, response, passOn)
      if (done instanceof Promise) done.catch(next)
    } catch (error) {
      next(error)
    }
  }
  step(0)
}
