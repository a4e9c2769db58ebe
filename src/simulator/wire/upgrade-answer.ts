import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** What a websocket upgrade gets instead of a websocket: an HTTP answer, nothing ever, or a TCP reset. */
export type UpgradeAnswer = { status: number; headers: Record<string, string> } | 'silence' | 'reset'

export function answerUpgrade(socket: Socket, answer: UpgradeAnswer): void {
  if (answer === 'reset') socket.resetAndDestroy()
  else if (answer === 'silence') {
    // read on, so that the other side's farewell is noticed
    socket.once('end', () => socket.destroy())
    socket.resume()
  } else {
    const headers = { ...answer.headers, Connection: 'close', 'Content-Length': '0' }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Error'}\r\n${lines.join('')}\r\n`)
  }
}
