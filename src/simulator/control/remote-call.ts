import { request } from 'node:http'
import { SimulatorError, simulatorError } from '../errors.js'
import { object, type Params } from './values.js'

/** Calls one method of a simulator's control channel. */
export type Call = (method: string, params?: Params) => Promise<unknown>

/** Waits run as long as the simulator lets them: there is no time limit on this side. */
export function remoteCall(controlUrl: string): Call {
  return async (method, params = {}) => {
    const reply = await post(controlUrl, JSON.stringify({ method, params }))
    if (reply['error'] === undefined) return reply['result']
    const { name, code, message } = object(reply, 'error')
    throw simulatorError(name, code, typeof message === 'string' ? message : 'the simulator refused')
  }
}

async function post(url: string, body: string): Promise<Params> {
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const call = request(url, { method: 'POST', headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      response.on('error', reject)
    })
    call.on('error', () => reject(new SimulatorError('stopped', 'the simulator does not answer')))
    call.end(body)
  })
  return object({ reply: JSON.parse(text) }, 'reply')
}
