import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { TestGateway } from './support/test-gateway.js'

test('the example bot starts from the message on the phone and answers a stranger', async () => {
  await using gateway = await TestGateway.start()
  const phone = await gateway.simulator.phone('254744000001')
  const { qrCode } = await gateway.visitor().start()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  const { text } = await phone.waitForMessage({ nth: 1 })
  // the gateway has handed over
  await phone.waitForDevice('offline')

  const bot = spawn(process.execPath, [fileURLToPath(new URL('../examples/bot.mjs', import.meta.url))], {
    env: { PATH: process.env['PATH'] ?? '', SESSION_ID: text ?? '', WHATSAPP_URL: gateway.simulator.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise(resolve => bot.once('exit', resolve))
  try {
    await phone.waitForDevice('online')
    const stranger = await gateway.simulator.phone('254744000002')
    await stranger.send(phone, 'ping')
    expect(await stranger.waitForMessage({ text: 'pong' })).toMatchObject({ fromMe: false })
  } finally {
    bot.kill()
    await ended
  }
})
