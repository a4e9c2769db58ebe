import QRCode from 'qrcode'
import { beforeAll, describe, expect, test } from 'vitest'
import { LinkAttemptView } from '../../contract/linking.js'
import { styleOf, type WindowSize } from '../terminal.js'
import { linkFrame } from './link-frame.js'

const plain = styleOf({ colour: false })
const base: LinkAttemptView = LinkAttemptView.parse({
  sessionId: '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10',
  status: 'connecting',
  state: 'linking',
  mode: 'handed_off',
  method: 'qr',
  phase: 'scanning',
  step: 1,
  percent: 15,
  reason: null,
  since: '2026-01-01T00:00:00.000Z',
})
let qrCode: string

beforeAll(async () => {
  const png = await QRCode.toBuffer('2@'.padEnd(237, 'Kx7,'), { errorCorrectionLevel: 'L', margin: 4, scale: 4 })
  qrCode = `data:image/png;base64,${png.toString('base64')}`
})

function frame(
  view: Partial<LinkAttemptView>,
  { window = { columns: 80, rows: 40 }, passed = 0, silent = false } = {},
): string[] {
  const shown = { view: { ...base, ...view }, readAt: 1_000_000, silent }
  return linkFrame(shown, { window, now: 1_000_000 + passed, style: plain, colour: false })
}

describe('what the window shows', () => {
  test('the code, what to do with it, and both countdowns as they run', () => {
    const view = { qrCode, qrExpiresInMs: 20_000, expiresInMs: 119_500 }
    expect(frame(view).join('\n')).toContain('Status: Scanning… · next code in 0:20 · 2:00 left')
    expect(frame(view, { passed: 19_100 }).join('\n')).toContain('next code in 0:01 · 1:41 left')
    expect(frame(view, { passed: 500_000 }).join('\n')).toContain('next code in 0:00 · 0:00 left')
    expect(frame(view).slice(-4)).toEqual([
      'Open WhatsApp → Settings → Linked Devices → Scan this QR',
      'Status: Scanning… · next code in 0:20 · 2:00 left',
      'Step 1 of 3  ████░░░░░░░░░░░░░░░░░░░░  15 %  Scan',
      'Ctrl-C cancels.',
    ])
  })

  test('a pairing code in letters and as text, and whether one was typed', () => {
    const view = { method: 'code', pairingCode: 'K7QM-2ABC', codeExpiresInMs: 170_000 } as const
    const lines = frame(view)
    expect(lines).toContain('K7QM-2ABC')
    expect(lines.filter(line => line.includes('█'))).toHaveLength(6)
    expect(lines.join('\n')).toContain('Waiting for the code… · valid for 2:50')
    expect(lines.at(-2)).toMatch(/^Step 1 of 3 .* Enter the code$/)
    expect(frame({ ...view, codeEntered: true }).join(' ')).toContain(
      'If it says that the code is wrong, type the code again · valid',
    )
    // without room for letters the text stays
    expect(frame(view, { window: { columns: 40, rows: 8 } })).toContain('K7QM-2ABC')
  })

  test('the place in the queue, the silence of the gateway, and later phases without a code', () => {
    expect(frame({ phase: 'queued', queuePosition: 3 }).join('\n')).toContain('number 3 in the queue')
    expect(frame({ phase: 'starting' }, { silent: true }).join('\n')).toContain(
      'the gateway does not answer, trying again',
    )
    const later = frame({ phase: 'preparing', step: 2, percent: 65, mode: 'managed' })
    expect(later[0]).toBe('Status: Setting up backup…')
    expect(later.join('\n')).not.toContain('Scan this QR')
  })

  test.each<WindowSize>([
    { columns: 80, rows: 24 },
    { columns: 40, rows: 60 },
    { columns: 30, rows: 12 },
  ])('where the QR does not fit: what it needs, never half of it (%j)', window => {
    const lines = frame({ qrCode, expiresInMs: 1 }, { window })
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toMatch(/the QR needs \d+ columns by \d+ rows/)
    expect(lines.join('')).not.toMatch(/[▀▄]/)
  })

  test.each([
    { columns: 65, rows: 37 },
    { columns: 61, rows: 35 },
    { columns: 200, rows: 100 },
    { columns: 50, rows: 20 },
  ])('stays within a window of %j', window => {
    const lines = frame({ qrCode, qrExpiresInMs: 1, expiresInMs: 1 }, { window })
    expect(lines.length).toBeLessThanOrEqual(window.rows)
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(window.columns)
  })
})
