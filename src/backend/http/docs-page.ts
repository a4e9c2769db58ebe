import { Router, type RequestHandler } from 'express'
import { docsOfProofs, proofsIn } from './docs-proofs.js'
import { openApiDocument } from './openapi.js'
import { textOf as escape } from './page-text.js'
import type { Route } from './route.js'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 0.25rem; }
h3 { font-size: 1.1rem; margin: 2rem 0 0.25rem; overflow-wrap: anywhere; }
h3 code:first-child { text-transform: uppercase; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid color-mix(in srgb, currentcolor 25%, transparent); border-radius: 0.5rem; }
`

type Operation = {
  operationId?: string
  summary: string
  description?: string
  security: Record<string, unknown>[]
  requestBody?: { content: Record<string, { schema: unknown }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>
}

/** `/docs`: the OpenAPI document as a page to read. Made on the server, without a script, from the same schemas. */
export function docsPage(routes: readonly Route[], version: string): RequestHandler {
  const { paths } = openApiDocument(routes, version) as { paths: Record<string, Record<string, Operation>> }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  )
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>WHIZ LITE API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/docs/style.css"></head>
<body><main><h1>WHIZ LITE API</h1>
<p>Version ${escape(version)}. For programs: <a href="/openapi.json">/openapi.json</a>. Problems are
<code>application/problem+json</code> with a stable <code>code</code>. Live events come over <code>/ws</code>.</p>
${docsOfProofs}
<h2>Routes</h2>
${operations.join('\n')}
</main></body></html>`
  return Router()
    .get('/docs', (_request, response) => void response.type('html').set('Cache-Control', 'no-store').send(html))
    .get('/docs/style.css', (_request, response) => void response.type('css').send(style))
}

function section(method: string, path: string, operation: Operation): string {
  const { operationId, summary, description, security, requestBody, responses } = operation
  const id = operationId === undefined ? '' : ` id="${escape(operationId)}"`
  const parts = [`<h3${id}><code>${escape(method)}</code> <code>${escape(path)}</code></h3><p>${escape(summary)}.</p>`]
  parts.push(`<p>${marked([...(description === undefined ? [] : [description]), proofsIn(security)].join(' '))}</p>`)
  const body = requestBody?.content['application/json']
  if (body) parts.push(`<p>Takes</p>${pretty(body.schema)}`)
  for (const [status, { description: what, content }] of Object.entries(responses)) {
    const schema = content?.['application/json']?.schema
    if (schema !== undefined) parts.push(`<p>Answers ${escape(status)}</p>${pretty(schema)}`)
    else if (status !== 'default') parts.push(`<p>Answers ${escape(status)}: ${marked(what)}.</p>`)
  }
  return `<section>${parts.join('')}</section>`
}

const pretty = (schema: unknown) => `<pre tabindex="0"><code>${escape(JSON.stringify(schema, null, 2))}</code></pre>`

/** Words between backticks are code. */
const marked = (text: string) => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>')
