import { connect } from 'node:net'
import { once } from 'node:events'

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/**
 * Asks one server over lines that stay open, each with one request under way and the next one at once. It shares the processor with what it
 * measures, so it sends bytes made beforehand and reads no more of an answer than its status and its length.
 *
 * @param {{ port: number, lines: number, forMs: number, next: (turn: number) => Buffer }} options
 *   `next`: a whole request, with keep-alive; turns count from 0 over all lines
 * @returns {Promise<{ seconds: number, tookMs: number[] }>} one entry an answer, all of them 2xx
 * @throws Error for any other answer: its time would count for nothing
 */
export async function load({ port, lines, forMs, next }) {
  const open = await Promise.all(Array.from({ length: lines }, () => openLine(port)))
  const tookMs = []
  let turn = 0
  const began = performance.now()
  const end = began + forMs
  try {
    await Promise.all(
      open.map(async line => {
        while (performance.now() < end) {
          const asked = performance.now()
          await line.ask(next(turn++))
          tookMs.push(performance.now() - asked)
        }
      }),
    )
  } finally {
    for (const line of open) line.close()
  }
  return { seconds: (performance.now() - began) / 1_000, tookMs }
}

/** @param {{ method: string, path: string, headers: Record<string, string>, body?: object }} request */
export function bytesOf({ method, path, headers, body }) {
  const text = body === undefined ? '' : JSON.stringify(body)
  const all = {
    host: 'localhost',
    ...headers,
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    }),
  }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${text}`)
}

async function openLine(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let waiting = null
  let came = Buffer.alloc(0)
  const fail = error => waiting?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('The server closed a line.')))
  socket.on('data', piece => {
    came = came.length === 0 ? piece : Buffer.concat([came, piece])
    const answer = answerIn(came)
    if (answer === null) return
    came = Buffer.alloc(0)
    if (answer.status < 300) waiting?.resolve()
    else fail(new Error(`The server answered ${answer.status}: ${answer.body}`))
  })
  return {
    ask: bytes =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(bytes)
      }),
    close() {
      waiting = null
      socket.destroy()
    },
  }
}

/** Null while it is not whole. */
function answerIn(bytes) {
  const headEnds = bytes.indexOf(END_OF_HEAD)
  if (headEnds === -1) return null
  const head = bytes.toString('latin1', 0, headEnds)
  const status = Number(head.slice(9, 12))
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined && status !== 204) throw new Error('An answer does not tell its length.')
  const bodyBegins = headEnds + END_OF_HEAD.length
  const bodyEnds = bodyBegins + Number(length ?? 0)
  return bytes.length < bodyEnds ? null : { status, body: bytes.toString('utf8', bodyBegins, bodyEnds) }
}
