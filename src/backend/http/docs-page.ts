import { Router, type RequestHandler } from 'express'
import { docsOfProofs, proofsIn } from './docs-proofs.js'
import { docsStyle } from './docs-style.js'
import { byTopic } from './docs-topics.js'
import { openApiDocument } from './openapi.js'
import { problemsOfAll } from './openapi-problems.js'
import { textOf as escape } from './page-text.js'
import type { Route } from './route.js'

type Content = Record<string, { schema: unknown; example?: unknown }>

type Operation = {
  operationId?: string
  summary: string
  description?: string
  security: Record<string, unknown>[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

type Described = { method: string; path: string; operation: Operation }

/** `/docs`: the OpenAPI document as a page to read. Made on the server, without a script, from the same schemas. */
export function docsPage(routes: readonly Route[], version: string): RequestHandler {
  const { paths } = openApiDocument(routes, version) as { paths: Record<string, Record<string, Operation>> }
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Described => ({ method, path, operation })),
  )
  const topics = byTopic(all)
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>WHIZ LITE API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/docs/style.css"></head>
<body><main><h1>WHIZ LITE API</h1>
<p>Version ${escape(version)}. For programs: <a href="/openapi.json">/openapi.json</a>. Live events come over <code>/ws</code>.</p>
<nav aria-label="Contents"><ul>
<li><a href="#proofs">Who asks</a></li>
${topics.map(([name, of]) => `<li><a href="#${anchor(name)}">${escape(name)} (${of.length})</a></li>`).join('\n')}
<li><a href="#problems">Problems</a></li>
</ul></nav>
${docsOfProofs}
${topics.map(([name, of]) => `<section><h2 id="${anchor(name)}">${escape(name)}</h2>\n${of.map(entry).join('\n')}</section>`).join('\n')}
${problemsSection(routes)}
</main></body></html>`
  return Router()
    .get('/docs', (_request, response) => void response.type('html').set('Cache-Control', 'no-store').send(html))
    .get('/docs/style.css', (_request, response) => void response.type('css').send(docsStyle))
}

const anchor = (topic: string): string => `topic-${topic.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`

function entry({ method, path, operation }: Described): string {
  const { operationId, summary, description, security, requestBody, responses } = operation
  const id = operationId === undefined ? '' : ` id="${escape(operationId)}"`
  const title = `<code><span class="method">${escape(method)}</span> ${escape(path)}</code> <span class="about">${escape(summary)}</span>`
  const parts = [
    `<p>${marked([...(description === undefined ? [] : [description]), proofsIn(security)].join(' '))}</p>`,
  ]
  if (requestBody) parts.push(`<h3>Takes</h3>${contentOf(requestBody.content)}`)
  for (const [status, { description: what, content }] of Object.entries(responses)) {
    if (!status.startsWith('2')) continue
    parts.push(`<h3>Answers ${escape(status)}</h3>`)
    parts.push(content === undefined ? `<p>${marked(what)}.</p>` : contentOf(content))
  }
  const refusals = Object.keys(responses).filter(status => /^[45]/.test(status))
  if (refusals.length > 0) parts.push(`<p>Or one of the <a href="#problems">problems</a> ${refusals.join(', ')}.</p>`)
  // the id is inside, so that a link to it opens the route
  return `<details><summary>${title}</summary><div${id}>${parts.join('')}</div></details>`
}

function contentOf(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema, example }]) => {
      const shown = type === 'application/json' ? pretty(example) : code(String(example))
      return `${shown}<details><summary>Schema of ${escape(type)}</summary>${pretty(schema)}</details>`
    })
    .join('')
}

function problemsSection(routes: readonly Route[]): string {
  const listed = Object.entries(problemsOfAll(routes)).map(
    ([status, { description, codes }]) =>
      `<dt>${status} ${escape(description)}</dt><dd>${codes.map(one => `<code>${escape(one)}</code>`).join(' ')}</dd>`,
  )
  return `<section><h2 id="problems">Problems</h2>
<p>Every refusal is <code>application/problem+json</code>: a stable <code>code</code> to switch on, a sentence, and what to do next. A route may answer
codes of its own besides these.</p><dl>${listed.join('')}</dl></section>`
}

const code = (text: string) => `<pre tabindex="0"><code>${escape(text)}</code></pre>`
const pretty = (value: unknown) => code(JSON.stringify(value, null, 2))

/** Words between backticks are code. */
const marked = (text: string) => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>')
