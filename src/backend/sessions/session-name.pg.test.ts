import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { createKnownNames, sealKnownName } from './session-name.js'

let rig: TenantRig
let opened: number
const one = '6f3a1f0e-5f5c-4c39-9a53-52c7d2a0b001' as SessionId
const other = '6f3a1f0e-5f5c-4c39-9a53-52c7d2a0b002' as SessionId

beforeAll(async () => {
  rig = await TenantRig.open()
  // the first makes the key, the second reads it after the commit
  for (let turn = 0; turn < 2; turn++) await rig.transact(tx => rig.vault.workspaceSealer(tx, rig.workspaceId))
})
afterAll(() => rig[Symbol.asyncDispose]())

const counted = () => {
  opened = 0
  return createKnownNames({
    openKnown(...asked) {
      opened++
      return rig.vault.openKnown(...asked)
    },
  })
}

const sealed = (sessionId: SessionId, name: string): Buffer =>
  sealKnownName(rig.vault, rig.workspaceId, { sessionId, name }) ?? expect.fail()

test('a name is opened once as long as the same is stored', () => {
  const names = counted()
  const name = sealed(one, 'Till')
  for (let turn = 0; turn < 3; turn++)
    expect(names.of(rig.workspaceId, { id: one, name: Buffer.from(name) })).toBe('Till')
  expect(opened).toBe(1)
  expect(names.of(rig.workspaceId, { id: one, name: sealed(one, 'Counter') })).toBe('Counter')
  expect(names.of(rig.workspaceId, { id: one, name: null })).toBeNull()
  expect(opened).toBe(2)
})

test('what is remembered of one session opens nothing of another', () => {
  const names = counted()
  const name = sealed(one, 'Till')
  expect(names.of(rig.workspaceId, { id: one, name })).toBe('Till')
  expect(() => names.of(rig.workspaceId, { id: other, name })).toThrow(expect.objectContaining({ code: 'tampered' }))
  const elsewhere = names.of('6f3a1f0e-5f5c-4c39-9a53-52c7d2a0b003', { id: one, name })
  expect(elsewhere).toBeUndefined()
})
