import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CliTerminal, photograph } from './support/cli-terminal.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let terminal: CliTerminal

beforeAll(async () => {
  gateway = await TestGateway.start()
})

afterAll(() => gateway[Symbol.asyncDispose]())

beforeEach(() => {
  terminal = new CliTerminal()
})

afterEach(() => expect(terminal.listeners).toBe(0))

const drawn = (text: string): Promise<void> =>
  vi.waitFor(() => expect(terminal.frame().join('\n')).toContain(text), { timeout: 20_000, interval: 20 })

describe('whizlite link', () => {
  test('draws a QR that a phone scans off the screen, and ends with the session ID in its chat', async () => {
    const phone = await gateway.simulator.phone('254700000101', { name: 'Amina' })
    const ended = terminal.run('link', '--url', gateway.url)
    await drawn('Status: Scanning…')
    const frame = terminal.frame()
    expect(Math.max(...frame.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(frame.length).toBeLessThanOrEqual(50)
    await phone.scanPicture(photograph(frame))

    expect(await ended).toBe(0)
    expect(terminal.output).toContain('All set. Your account is linked.')
    expect(await phone.messages(phone.jid)).toHaveLength(2)
    // the screen with the code is left
    expect(terminal.output.indexOf('\u001b[?1049l')).toBeGreaterThan(terminal.output.lastIndexOf('Scanning'))
    expect(terminal.output.slice(terminal.output.indexOf('\u001b[?1049l'))).not.toMatch(/[█▀▄]/)
  })

  test('cancels at the gateway on Ctrl-C, and says so', async () => {
    const ended = terminal.run('link', '--url', gateway.url)
    await drawn('Status: Scanning…')
    const picture = photograph(terminal.frame())
    terminal.pressCtrlC()
    expect(await ended).toBe(130)
    expect(terminal.output).toContain('Cancelling…\nYou cancelled this link.')
    const phone = await gateway.simulator.phone('254700000102')
    await expect(phone.scanPicture(picture)).rejects.toThrow()
  })
})
