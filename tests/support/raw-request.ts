import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

export type RawAnswer = {
  /** 0 when the server closed without a word. */
  status: number
  headers: Headers
  body: string
}

/** Opens a plain connection to a server, for bytes that no HTTP client would send. */
export async function openSocket(baseUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(baseUrl)
  const socket = connect(Number(port), hostname)
  // the server may close while something is still being written
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends bytes as they are and reads until the server closes. Ask it to with `Connection: close`, unless that is what is to be shown. */
export async function sendRaw(baseUrl: string, ...parts: (string | Uint8Array)[]): Promise<RawAnswer> {
  const socket = await openSocket(baseUrl)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = once(socket, 'close')
  for (const part of parts) socket.write(part)
  await closed
  return parseAnswer(Buffer.concat(chunks).toString('utf8'))
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n')
  const headers = new Headers()
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim())
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: end < 0 ? '' : text.slice(end + 4) }
}
