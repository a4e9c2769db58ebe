import { fileURLToPath } from 'node:url'
import { Router, type RequestHandler } from 'express'

/** Vite as middleware, for `npm run dev` alone: pages straight from their sources, with reload on change. */
export async function vitePages(): Promise<RequestHandler> {
  const { createServer } = await import('vite')
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const vite = await createServer({
    configFile: `${root}vite.config.ts`,
    server: { middlewareMode: true, hmr: { host: '127.0.0.1', port: 24_678 } },
  })
  return Router().use(developmentPolicy, vite.middlewares)
}

/** Vite injects styles and a reload client; the policy of the built page would refuse both. */
const developmentPolicy: RequestHandler = (_request, response, next) => {
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws://127.0.0.1:24678",
  )
  next()
}
