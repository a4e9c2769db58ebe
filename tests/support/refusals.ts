import { expect } from 'vitest'
import type { ErrorCode } from '../../src/contract/errors.js'
import type { RawAnswer } from './raw-request.js'
import { Rows } from './rows.js'
import type { TestGateway } from './test-gateway.js'

/** To stand wherever a bad request says something; no answer may repeat it. */
export const secret = 'canary-5c1d'

export async function send(
  url: string,
  method: string,
  headers: HeadersInit = {},
  body?: BodyInit,
): Promise<RawAnswer> {
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

/** One form for every refusal: a problem document that says enough, what to do next too, and nothing of the server or of what was sent. */
export function expectProblem(
  { status, headers, body }: RawAnswer,
  expected: number,
  code: ErrorCode,
): { errors?: unknown; action?: unknown } {
  expect({ status, body }).toEqual({ status: expected, body: expect.stringContaining(`"code":"${code}"`) })
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('set-cookie')).toBeNull()
  const problem = JSON.parse(body) as Record<string, unknown>
  expect(problem).toMatchObject({
    requestId: headers.get('x-request-id') ?? 'none',
    status: expected,
    code,
    detail: problem['error'],
    action: expect.stringMatching(/\w/),
  })
  expect(body).not.toContain(secret)
  expect(body).not.toMatch(/node_modules|\bat .+:\d+|Error:|stack/)
  return problem
}

/** Whatever was sent: nothing was started, here or at WhatsApp, and the gateway is well. */
export async function expectUnharmed(gateway: TestGateway): Promise<void> {
  await using rows = new Rows(gateway.database.ownerUrl)
  expect(await rows.query('select from link_attempts')).toEqual([])
  expect(await gateway.simulator.ledger()).toEqual([])
  const { body } = await gateway.visitor().request('GET', '/health')
  expect(body).toMatchObject({ status: 'healthy', sessions: 0, websocketClients: 0 })
  expect(gateway.logLines.filter(line => /request_failed|unhandled/.test(line))).toEqual([])
}
