import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownPaths } from './own-paths.js'
import { route, type Route } from './route.js'

let server: Server
let url: string

const nothing = (method: Route['method'], path: string): Route =>
  route({ method, path, summary: '', handle: () => Promise.resolve() })

const failed: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).send(error.message)
}

/** Says which route it was, with what, and who was asked before. */
function appOf(paths: readonly [Route['method'], string][]) {
  const app = express()
  const routes = new Map(
    paths.map(([method, path]) => [
      nothing(method, path),
      (request: express.Request, response: express.Response) => {
        if (request.params['id'] === 'throws') throw new Error('thrown')
        if (request.params['id'] === 'rejects') return Promise.reject(new Error('rejected'))
        response.json({
          method,
          path,
          params: request.params,
          query: request.query,
          by: response.getHeader('x-before'),
        })
      },
    ]),
  )
  app.use(
    ownPaths(routes, ({ path }) => [
      (_request, response, next) => {
        response.setHeader('x-before', path)
        next(path === '/a/refused' ? new Error('refused') : undefined)
      },
    ]),
  )
  app.use((request, response) => void response.json({ left: request.path }))
  app.use(failed)
  return app
}

beforeAll(async () => {
  const app = appOf([
    ['get', '/a'],
    ['get', '/a/mine'],
    ['get', '/a/refused'],
    ['get', '/a/:id'],
    ['post', '/a/:id'],
    ['get', '/a/:id/b/:other'],
  ])
  server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const ask = async (path: string, method = 'GET') => {
  const answer = await fetch(`${url}${path}`, { method })
  const text = await answer.text()
  return text.startsWith('{') ? (JSON.parse(text) as unknown) : text
}

test('finds the route of a method and a path, the first that fits, with its parameters', async () => {
  expect(await ask('/a?x=1')).toEqual({ method: 'get', path: '/a', params: {}, query: { x: '1' }, by: '/a' })
  expect(await ask('/a/mine')).toMatchObject({ path: '/a/mine', params: {} })
  expect(await ask('/a/x-1')).toMatchObject({ method: 'get', path: '/a/:id', params: { id: 'x-1' } })
  expect(await ask('/a/x', 'POST')).toMatchObject({ method: 'post', path: '/a/:id' })
  expect(await ask('/a/x/b/y')).toMatchObject({ path: '/a/:id/b/:other', params: { id: 'x', other: 'y' } })
})

test.each(['/A', '/a/', '/a/%78', '/a//b/y', '/a/x/b', '/b', '//a', '/a/x;y'])('leaves %s to Express', async path => {
  expect(await ask(path)).toEqual({ left: expect.any(String) })
})

test('leaves other methods to Express', async () => {
  expect(await ask('/a/x', 'DELETE')).toEqual({ left: '/a/x' })
  expect(await ask('/a', 'OPTIONS')).toEqual({ left: '/a' })
})

test('an error goes where Express sends errors, however it comes', async () => {
  expect(await ask('/a/throws')).toBe('thrown')
  expect(await ask('/a/rejects')).toBe('rejected')
  expect(await ask('/a/refused')).toBe('refused')
})
