import { join } from 'node:path'
import express, { Router, type RequestHandler } from 'express'

const yearSeconds = 365 * 24 * 60 * 60

/** The built linking page and its hashed assets. @param folder where Vite has put them */
export function builtPages(folder: string): RequestHandler {
  const router = Router()
  router.use(
    '/assets',
    express.static(join(folder, 'assets'), { immutable: true, maxAge: yearSeconds * 1000, index: false }),
  )
  router.use(
    express.static(folder, {
      index: 'index.html',
      // /claim
      extensions: ['html'],
      redirect: false,
      setHeaders: response => response.setHeader('Cache-Control', 'no-store'),
    }),
  )
  return router
}
