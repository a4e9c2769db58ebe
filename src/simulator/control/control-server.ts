import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { SimulatorError } from '../errors.js'
import { controlMethods, type MethodDeps } from './methods.js'
import { object, text, type Method, type Params } from './values.js'

const MAX_BODY_BYTES = 16 * 1024 * 1024

export type ControlServer = AsyncDisposable & {
  /** http://127.0.0.1:PORT */
  url: string
}

/**
 * Opens the control channel on 127.0.0.1: `POST /` with `{ "method", "params" }`, answered by `{ "result" }` or
 * `{ "error": { "name", "code", "message" } }`. Only JSON is taken and a browser's `Origin` is refused, so that no web page can reach it.
 */
export async function serveControl(port: number, deps: MethodDeps): Promise<ControlServer> {
  const methods = controlMethods(deps)
  const server = createServer((request, response) => {
    void answer(methods, request, response)
  })
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  const bound = address !== null && typeof address === 'object' ? address.port : port
  let closing: Promise<void> | undefined
  return {
    url: `http://127.0.0.1:${bound}`,
    [Symbol.asyncDispose]() {
      closing ??= new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closing
    },
  }
}

async function answer(methods: Map<string, Method>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.origin !== undefined) return send(response, 403, refusal('no web pages here'))
  if (request.method !== 'POST') return send(response, 405, refusal('only POST'))
  if (request.headers['content-type']?.split(';')[0] !== 'application/json') {
    return send(response, 415, refusal('only application/json'))
  }
  try {
    const call = await readJson(request)
    const method = methods.get(text(call, 'method'))
    if (!method) throw new SimulatorError('bad_request', 'there is no such method')
    send(response, 200, { result: (await method(object(call, 'params'))) ?? null })
  } catch (error) {
    send(response, 400, failure(error))
  }
}

async function readJson(request: IncomingMessage): Promise<Params> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY_BYTES) throw new SimulatorError('bad_request', 'the body is too large')
    chunks.push(bytes)
  }
  try {
    return object({ body: JSON.parse(Buffer.concat(chunks).toString('utf8')) }, 'body')
  } catch {
    throw new SimulatorError('bad_request', 'the body is not a JSON object')
  }
}

function refusal(message: string): unknown {
  return { error: { name: 'SimulatorError', code: 'bad_request', message } }
}

function failure(error: unknown): unknown {
  if (!(error instanceof SimulatorError)) {
    const message = error instanceof Error ? error.message : 'failed'
    return { error: { name: 'SimulatorError', code: 'failed', message } }
  }
  return { error: { name: error.name, code: error.code, message: error.message } }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const json = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
  response.end(json)
}
