import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { CliProcess, type CliProcessOptions } from './support/cli-process.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start()
})

afterAll(() => gateway[Symbol.asyncDispose]())

/** An account linked and handed off: its session's id, and the string that went to its chat. */
async function handedOff(phone: Phone): Promise<{ sessionId: string; text: string }> {
  const visitor = gateway.visitor()
  const { sessionId, qrCode } = await visitor.start()
  const events = visitor.listen()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await events.waitForEvent('complete')
  await phone.waitForDevice('offline')
  const { text } = await phone.waitForMessage({ fromMe: true })
  return { sessionId, text: text ?? '' }
}

/** Runs to its end. Whatever it said, it was not the session ID or the token. */
async function whizlite(words: string[], { env, ...options }: CliProcessOptions = {}) {
  await using command = new CliProcess(['session', ...words], {
    ...options,
    env: { DATA_DIR: gateway.dataDir, ...env },
  })
  const code = await command.exited
  const told = `${command.output}\n${command.errors}`
  expect(told).not.toMatch(/WHIZLITE_[A-Za-z0-9]|[0-9a-f]{64}/)
  return { code, output: command.output, errors: command.errors }
}

describe('whizlite session', () => {
  test('inspects what came to a phone, from a file and from standard input', async () => {
    const phone = await gateway.simulator.phone('254700000201', { name: 'Baraka' })
    const { text } = await handedOff(phone)
    const piped = await whizlite(['inspect'], { piped: `${text}\n` })
    expect(piped).toMatchObject({ code: 0, errors: '' })
    for (const line of [
      /^Format +compact, version 1$/m,
      /^Checksum +ok$/m,
      /^Number +\+254700000201$/m,
      /^Pre-key seed +inside/m,
    ])
      expect(piped.output).toMatch(line)
    const file = join(gateway.dataDir, 'session-id.txt')
    writeFileSync(file, text, { mode: 0o600 })
    expect((await whizlite(['inspect', file])).output).toBe(piped.output)
    rmSync(file)
  })

  test('takes a session back with the token that the gateway keeps on this machine', async () => {
    const phone = await gateway.simulator.phone('254700000202')
    const { sessionId } = await handedOff(phone)
    const words = ['take-back', sessionId, '--url', gateway.url]
    const unsure = await whizlite(words)
    expect(unsure.code).toBe(1)
    expect(unsure.errors).toContain('throw each other off WhatsApp')
    expect(await phone.devices()).toMatchObject([{ online: false }])

    const taken = await whizlite([...words, '--bot-stopped'])
    expect(taken).toMatchObject({ code: 0, errors: '' })
    expect(taken.output).toContain(`Session ${sessionId}: `)
    await phone.waitForDevice('online')
  })

  test('hands a session ID to another gateway, which keeps the account connected', async () => {
    await using other = await TestGateway.start({ simulator: gateway.simulator })
    const phone = await gateway.simulator.phone('254700000203')
    const { text } = await handedOff(phone)
    const imported = await whizlite(['import', '-', '--bot-stopped', '--url', other.url], {
      piped: text,
      env: { DATA_DIR: other.dataDir },
    })
    expect(imported).toMatchObject({ code: 0, errors: '' })
    await phone.waitForDevice('online')
  })

  test('says why a gateway refuses: a wrong token, an unknown session, a string of another account', async () => {
    const words = ['take-back', randomUUID(), '--bot-stopped', '--url', gateway.url]
    const stranger = await whizlite(words, { env: { WHATSAPP_SERVICE_TOKEN: 'somebody-elses' } })
    const unknown = await whizlite(words)
    const phone = await gateway.simulator.phone('254700000204')
    const another = await gateway.simulator.phone('254700000205')
    const { sessionId } = await handedOff(phone)
    const { text } = await handedOff(another)
    const foreign = await whizlite(['take-back', sessionId, '--from', '-', '--bot-stopped', '--url', gateway.url], {
      piped: text,
    })
    for (const { code, output, errors } of [stranger, unknown, foreign]) {
      expect({ code, output }).toEqual({ code: 1, output: '' })
      expect(errors).toMatch(/^[A-Z].*\.\n$/)
    }
    expect(stranger.errors).toContain('token')
    expect(new Set([stranger.errors, unknown.errors, foreign.errors]).size).toBe(3)
  })

  test('needs a token, and does not look for one of this machine for another', async () => {
    const words = ['take-back', randomUUID(), '--bot-stopped', '--url']
    const none = await whizlite([...words, gateway.url], { env: { DATA_DIR: join(gateway.dataDir, 'nothing') } })
    expect(none).toMatchObject({ code: 1, errors: expect.stringContaining('there is none in its data folder') })
    const remote = await whizlite([...words, 'https://link.example.com'])
    expect(remote).toMatchObject({ code: 1, errors: expect.stringContaining('service token of that gateway') })
  })
})
