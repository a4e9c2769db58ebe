import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { UserId } from '../../contract/ids.js'
import { scopeOf, scopesOf, type Member } from '../http/actor.js'
import type { Once } from '../http/idempotency.js'
import { invite } from '../identity/invite.js'
import { createWorkspace } from '../identity/workspaces.js'
import { createLog } from '../log.js'
import { createPrivacy } from '../privacy/privacy.js'
import { createTombstones } from '../privacy/tombstones.js'
import { createIdempotency } from './idempotency.js'

let rig: TenantRig
let member: Member

beforeAll(async () => {
  rig = await TenantRig.open()
  const { workspaceId } = rig
  const [row] = await rig.rows.query<{ id: string }>('select id from app_users where is_default')
  const userId = UserId.parse(row?.id)
  const scopes = scopesOf('owner')
  member = { kind: 'user', workspaceId, userId, role: 'owner', scopes, sessionIds: null, address: '' }
})

afterAll(() => rig[Symbol.asyncDispose]())

const count = async (table: 'workspaces' | 'invitations' | 'erasures' | 'audit_log') =>
  (await rig.rows.query(`select from ${table}`)).length

type Work = (once: Once) => Promise<unknown>

/** What a process that dies right after the work has done, and what the next request with the same key is answered. */
async function interrupted(work: Work): Promise<{ made: unknown; told: unknown }> {
  const idempotency = createIdempotency({
    tenants: rig.tenants,
    vault: rig.vault,
    secrets: { secret: randomBytes(32), previous: null },
    log: createLog({ level: 'silent' }),
  })
  const asked = { key: randomUUID(), request: 'POST /x\n{}' }
  let made: unknown
  const dying = idempotency.run(member, asked, async once => {
    made = await work(once)
    throw new Error('the process is gone')
  })
  await expect(dying).rejects.toThrow('gone')
  return { made, told: (await idempotency.run(member, asked, work)).answer }
}

const operator = () => ({ workspaceId: rig.workspaceId })
const privacy = () =>
  createPrivacy({
    tenants: rig.tenants,
    vault: rig.vault,
    events: rig.events,
    tombstones: createTombstones({ key: createSecretKey(randomBytes(32)), kekId: 'any' }),
    operatorWorkspace: () => rig.workspaceId,
  })

const works: [string, 'workspaces' | 'invitations' | 'erasures', Work][] = [
  [
    'an invitation, whose link is shown once,',
    'invitations',
    once => invite(rig, member, { role: 'member', base: 'http://localhost' }, once),
  ],
  [
    'a workspace',
    'workspaces',
    once => createWorkspace({ tenants: rig.tenants, operator }, member, { name: 'Shop' }, once),
  ],
  ['an erasure', 'erasures', once => privacy().eraseContact(scopeOf(member), '254712345678', once)],
]

test.each(works)('%s is made once when a process dies between making it and answering', async (_, table, work) => {
  const [before, entries] = [await count(table), await count('audit_log')]
  const { made, told } = await interrupted(work)
  expect(told).toEqual(table === 'invitations' ? Object.assign({}, made, { link: null }) : made)
  expect([await count(table), await count('audit_log')]).toEqual([before + 1, entries + 1])
})

test.each(works)('%s is made again by another request', async (_, table, work) => {
  const before = await count(table)
  const { told } = await interrupted(work)
  expect((await interrupted(work)).told).not.toEqual(told)
  expect(await count(table)).toBe(before + 2)
})
