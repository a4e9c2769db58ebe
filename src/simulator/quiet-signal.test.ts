import { expect, test, vi } from 'vitest'
import { quietSignal } from './quiet-signal.js'

test('libsignal’s lines vanish, others pass, and a second call adds nothing', () => {
  const print = vi.fn()
  const target = { log: print, info: print, warn: print, error: print, debug: print, trace: print }
  quietSignal(target)
  const quiet = target.info
  quietSignal(target)
  expect(target.info).toBe(quiet)
  target.info('Closing session:', { privKey: 'secret' })
  target.error('Session error:Error: Bad MAC', 'stack')
  target.info('Closing time', 1)
  expect(print.mock.calls).toEqual([['Closing time', 1]])
})
