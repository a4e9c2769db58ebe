import { Router, type RequestHandler } from 'express'
import type { Route } from './route.js'
import { openApiDocument } from './openapi.js'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.25rem; overflow-wrap: anywhere; }
h2 code:first-child { text-transform: uppercase; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid color-mix(in srgb, currentcolor 25%, transparent); border-radius: 0.5rem; }
`

type Operation = {
  summary: string
  security?: Record<string, unknown>[]
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
${operations.join('\n')}
</main></body></html>`
  return Router()
    .get('/docs', (_request, response) => void response.type('html').set('Cache-Control', 'no-store').send(html))
    .get('/docs/style.css', (_request, response) => void response.type('css').send(style))
}

function section(method: string, path: string, { summary, security, requestBody, responses }: Operation): string {
  const parts = [`<h2><code>${escape(method)}</code> <code>${escape(path)}</code></h2><p>${escape(summary)}.</p>`]
  if (security !== undefined) {
    const proofs = security.flatMap(scheme => Object.keys(scheme)).map(scheme => proofNames[scheme] ?? scheme)
    parts.push(`<p>Takes ${escape(proofs.join(' or '))}, as <code>Authorization: Bearer</code>.</p>`)
  }
  const body = requestBody?.content['application/json']
  if (body) parts.push(`<p>Takes</p>${pretty(body.schema)}`)
  for (const [status, { description, content }] of Object.entries(responses)) {
    const schema = content?.['application/json']?.schema
    if (schema !== undefined) parts.push(`<p>Answers ${escape(status)}</p>${pretty(schema)}`)
    else if (status !== 'default') parts.push(`<p>Answers ${escape(status)}: ${escape(description)}.</p>`)
  }
  return `<section>${parts.join('')}</section>`
}

const proofNames: Record<string, string> = {
  accessToken: 'an access token',
  apiKey: 'an API key',
  serviceToken: 'the service token',
}

const pretty = (schema: unknown) => `<pre tabindex="0"><code>${escape(JSON.stringify(schema, null, 2))}</code></pre>`

function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, character => entities[character] ?? character)
}
