import { randomBytes, randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { checkPassword, type CheckPasswordDeps } from './check-password.js'
import { createPasswords } from './passwords.js'
import { createSignInLimit } from './sign-in-limit.js'
import { createTotpSeal } from './totp-seal.js'

const email = 'ada@example.com'
const password = 'teapot under the moon'

let rig: TenantRig
let deps: CheckPasswordDeps
/** What was done, in order: transactions and hashes. */
const work: string[] = []

beforeAll(async () => {
  rig = await TenantRig.open()
  const noted =
    <Args extends unknown[], Result>(name: string, does: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> => {
      work.push(name)
      return does(...args)
    }
  const { clone, tenants, vault, workspaceId } = rig
  const database = { system: noted('system', clone.database.system) }
  const noting: Pick<Tenants, 'asLogin'> = { asLogin: noted('login', tenants.asLogin) }
  deps = {
    database,
    tenants: noting,
    passwords: createPasswords({ hash: noted('hash', hash), verify: noted('verify', verify) }),
    limit: createSignInLimit({ database, secret: randomBytes(32) }),
    seal: createTotpSeal({ tenants, vault, workspaceId: () => workspaceId }),
    now: Date.now,
  }
  await rig.rows.query('insert into logins (id, email, password_hash) values ($1, $2, $3)', [
    randomUUID(),
    email,
    await deps.passwords.hash(password),
  ])
  // the decoy is made with the first question about nobody
  await workFor('nobody@example.com')
})
afterAll(() => rig[Symbol.asyncDispose]())
beforeEach(() => rig.rows.query('delete from sign_in_cool_downs'))

async function workFor(address: string): Promise<string[]> {
  work.length = 0
  const shown = { email: address, password: 'a wrong one', code: null, address: '192.0.2.1' }
  await expect(checkPassword(deps, shown)).rejects.toMatchObject({ code: 'wrong_credentials' })
  return [...work]
}

test('a login that is not costs the very same work as one whose password is wrong', async () => {
  const known = await workFor(email)
  expect(known).toEqual(['system', 'system', 'login', 'verify'])
  expect(await workFor('nobody@example.com')).toEqual(known)
})

test('what nobody has looked at costs no try', async () => {
  const away = new Error('the database is away')
  const cut = { ...deps, tenants: { asLogin: () => Promise.reject(away) } }
  const shown = { email, password, code: null, address: '192.0.2.1' }
  for (let i = 0; i < 8; i++) await expect(checkPassword(cut, shown)).rejects.toBe(away)
  expect((await checkPassword(deps, shown)).email).toBe(email)
})
