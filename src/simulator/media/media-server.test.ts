import { createDecipheriv, hkdfSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { historyNotice } from '../phone/history-blob.js'
import { sealFile } from './media-keys.js'
import { MediaServer } from './media-server.js'

const MEGABYTE = 1024 * 1024
let media: MediaServer

beforeAll(async () => {
  media = await MediaServer.open()
})

afterAll(async () => {
  await media[Symbol.asyncDispose]()
})

test('a sealed file opens with its key', () => {
  const { mediaKey, bytes } = sealFile(Buffer.from('history'))
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), 'WhatsApp History Keys', 112))
  const decipher = createDecipheriv('aes-256-cbc', keys.subarray(16, 48), keys.subarray(0, 16))
  expect(Buffer.concat([decipher.update(bytes.subarray(0, -10)), decipher.final()]).toString()).toBe('history')
})

test('what is not there is not found, and a status can stand for a file', async () => {
  expect((await fetch(`${media.url}/v/none`)).status).toBe(404)
  const gone = media.put({ bytes: () => [], length: 0, status: 410 })
  expect((await fetch(media.url + gone)).status).toBe(410)
})

test('a cut file promises more than it brings', async () => {
  const path = media.put({ bytes: () => [Buffer.alloc(1000)], length: 1000, cutAfter: 10 })
  const response = await fetch(media.url + path)
  expect(response.headers.get('content-length')).toBe('1000')
  await expect(response.arrayBuffer()).rejects.toThrow()
})

test('a slow file comes piece by piece', async () => {
  const path = media.put({ bytes: () => [Buffer.alloc(1000)], length: 1000, bytesPerSecond: 50 })
  const reader = (await fetch(media.url + path)).body?.getReader()
  expect((await reader?.read())?.value?.length).toBeLessThan(100)
  await reader?.cancel()
})

test('a huge file is made while it is downloaded', async () => {
  const { historySyncNotification } = historyNotice(media, { chats: 1, messages: 1, hugeBytes: 2048 * MEGABYTE })
  const before = process.memoryUsage().rss
  const response = await fetch(media.url + String(historySyncNotification?.directPath))
  expect(response.headers.get('content-length')).toBe(String(2048 * MEGABYTE))
  const reader = response.body?.getReader()
  let read = 0
  while (read < 4 * MEGABYTE) read += (await reader?.read())?.value?.length ?? Infinity
  expect(read).toBeLessThan(32 * MEGABYTE)
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * MEGABYTE)
  await reader?.cancel()
})
