import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { createLog } from '../log.js'
import { createLastUsed } from './last-used.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
  await rig.rows.query(
    `insert into api_keys (workspace_id, id, user_id, name, secret_hash, last4, scopes)
     values ($1, 'abcdefgh', default_user($1), 'Till', '\\x00', 'abcd', '{read}')`,
    [rig.workspaceId],
  )
})
afterAll(() => rig[Symbol.asyncDispose]())

const lastUsed = async (): Promise<Date | null> => {
  const [row] = await rig.rows.query<{ last_used_at: Date | null }>('select last_used_at from api_keys')
  return row?.last_used_at ?? null
}

const age = (seconds: number) =>
  rig.rows.query('update api_keys set last_used_at = last_used_at - make_interval(secs => $1)', [seconds])

test('a node notes a use, and then none for a minute, whatever is stored', async () => {
  let now = 0
  const node = createLastUsed({ tenants: rig.tenants, log: createLog({ level: 'silent' }), now: () => now })
  const note = async (): Promise<void> => {
    node.note(rig.workspaceId, 'abcdefgh')
    await node[Symbol.asyncDispose]()
  }
  await note()
  expect(await lastUsed()).toEqual(expect.any(Date))
  await age(600)
  const before = await lastUsed()
  now = 59_999
  await note()
  expect(await lastUsed()).toEqual(before)
  now = 60_000
  await note()
  expect(await lastUsed()).not.toEqual(before)
})

test('what another node has noted within the minute is left as it is', async () => {
  const use = async (): Promise<Date | null> => {
    await using other = createLastUsed({ tenants: rig.tenants, log: createLog({ level: 'silent' }) })
    other.note(rig.workspaceId, 'abcdefgh')
    await other[Symbol.asyncDispose]()
    return lastUsed()
  }
  const noted = await use()
  expect(await use()).toEqual(noted)
  await age(60)
  const aged = await lastUsed()
  expect(await use()).not.toEqual(aged)
})
