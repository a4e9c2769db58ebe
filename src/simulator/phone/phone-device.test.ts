import { expect, test } from 'vitest'
import { Accounts } from '../accounts/accounts.js'
import { Ledger } from '../ledger.js'
import { Problems } from '../problems.js'
import { PhoneDevice } from './phone-device.js'

test('what a phone fails at by itself is a problem, and it goes on with what comes next', async () => {
  const problems = new Problems()
  const deps = { ledger: new Ledger(), problems, accept: () => {}, changed: () => {} }
  const accounts = new Accounts(person => new PhoneDevice(person, { ...deps, accounts: () => accounts }))
  const phone = accounts.create('49151000380', 'Ada').phone as PhoneDevice
  phone.soon(() => Promise.reject(new Error('no paper left')))
  expect(await phone.inTurn(async () => 'done')).toBe('done')
  const found = { kind: 'violation', detail: 'the phone failed: no paper left', account: '49151000380', device: 0 }
  expect(problems.list()).toMatchObject([found])
})
