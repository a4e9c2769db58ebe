import QRCode from 'qrcode'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CliTerminal, photograph } from '../../../tests/support/cli-terminal.js'
import { LinkAttemptView } from '../../contract/linking.js'
import { readQrPicture } from '../../simulator/phone/qr-picture.js'
import { drawnDisplay, plainDisplay, type LinkDisplay } from './link-display.js'

const base = LinkAttemptView.parse({
  sessionId: '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10',
  status: 'connecting',
  state: 'linking',
  mode: 'handed_off',
  method: 'qr',
  phase: 'starting',
  step: 1,
  percent: 5,
  reason: null,
  since: '2026-01-01T00:00:00.000Z',
})

async function scanning(text: string): Promise<LinkAttemptView> {
  const qrCode = await QRCode.toDataURL(text, { errorCorrectionLevel: 'L', margin: 4, scale: 4 })
  return { ...base, phase: 'scanning', qrCode, qrExpiresInMs: 20_000 }
}

describe('on a terminal', () => {
  let terminal: CliTerminal
  let display: LinkDisplay

  beforeEach(() => {
    terminal = new CliTerminal()
    display = drawnDisplay(terminal)
  })

  afterEach(() => display[Symbol.dispose]())

  test('each refresh takes the place of the code before, from the upper left corner', async () => {
    for (const text of ['2@first'.padEnd(237, 'a'), '2@second'.padEnd(237, 'b'), '2@third'.padEnd(237, 'c')]) {
      display.show(await scanning(text))
      expect(readQrPicture(photograph(terminal.frame()))).toBe(text)
    }
    display.show({ ...base, phase: 'scanned', step: 2, percent: 45 })
    expect(terminal.frame().join('\n')).toContain('Your phone accepted.')
    expect(terminal.frame().join('\n')).not.toMatch(/[▀▄]/)
    // every line clears what was right of it, and the last one all below
    const [, ...drawings] = terminal.output.split('\u001b[H')
    // one for each view, and for each second that passed meanwhile
    expect(drawings.length).toBeGreaterThanOrEqual(4)
    for (const drawing of drawings) {
      expect(drawing.split('\r\n').every(line => line.includes('\u001b[K'))).toBe(true)
      expect(drawing.endsWith('\u001b[J')).toBe(true)
    }
  })

  test('silence is shown until the gateway speaks again', () => {
    display.show(base)
    display.silent()
    expect(terminal.frame().join('\n')).toContain('the gateway does not answer')
    display.show(base)
    expect(terminal.frame().join('\n')).not.toContain('the gateway does not answer')
  })

  test('the terminal is left as it was, once', () => {
    display.show(base)
    display[Symbol.dispose]()
    display[Symbol.dispose]()
    display.show(base)
    expect(terminal.output.split('\u001b[?1049l')).toHaveLength(2)
    expect(terminal.output.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
    expect(terminal.listeners).toBe(0)
  })

  test('without colours nothing is coloured', async () => {
    const plain = new CliTerminal({ colour: false })
    using uncoloured = drawnDisplay(plain)
    const text = '2@'.padEnd(237, 'x')
    uncoloured.show(await scanning(text))
    expect(plain.output).not.toMatch(/\d+m/)
    expect(readQrPicture(photograph(plain.frame(), { inkIsDark: false }))).toBe(text)
  })
})

test('into a pipe goes one line for each thing that happens, and each code once', () => {
  const terminal = new CliTerminal({ window: null })
  using display = plainDisplay(terminal)
  const code = {
    ...base,
    method: 'code',
    phase: 'scanning',
    pairingCode: 'K7QM-2ABC',
    codeExpiresInMs: 160_000,
  } as const
  const views: LinkAttemptView[] = [
    { ...base, phase: 'queued', queuePosition: 2 },
    { ...base, phase: 'queued', queuePosition: 1 },
    base,
    code,
    { ...code, codeExpiresInMs: 150_000 },
    { ...code, codeEntered: true },
    { ...base, phase: 'scanned', step: 2 },
  ]
  for (const view of views) display.show(view)
  display.silent()
  display.silent()
  expect(terminal.output).toBe(`Waiting for a free place: number 2 in the queue…
Waiting for a free place: number 1 in the queue…
Asking WhatsApp for a code…
Pairing code: K7QM-2ABC (valid for 2:40)
Open WhatsApp → Settings → Linked Devices → Link a device → Link with phone number instead, and type this code.
Waiting for the code…
Your phone has answered. If it says that the code is wrong, type the code again
Your phone accepted. Logging in…
The gateway does not answer, trying again…
`)
})
