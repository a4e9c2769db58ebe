import { STATUS_CODES, type ServerResponse } from 'node:http'
import { asPhonesError } from '../phones/phones-error.js'
import type { DemoProblem } from '../view.js'

/** Answers a refused request; after the first byte of another answer only the connection can tell. */
export function sendProblem(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { code, status, message } = asPhonesError(thrown)
  const title = STATUS_CODES[status] ?? 'Error'
  const problem: DemoProblem = { type: `urn:whizlite:demo:${code}`, title, status, code, detail: message }
  response.writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(problem))
}
