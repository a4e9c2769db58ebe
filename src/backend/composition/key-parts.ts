import { createApiKeys } from '../api-keys/api-keys.js'
import { createKeyHolders } from '../api-keys/key-holders.js'
import { createLastUsed } from '../api-keys/last-used.js'
import type { Log } from '../log.js'
import type { Releases } from '../releases.js'
import { createFindMember } from '../tenancy/members.js'
import type { Foundation } from './foundation.js'

/** Who is known by an API key, and what may be done with keys. */
export function createKeyParts({ database, tenants, events, wakeups }: Foundation, log: Log, releases: Releases) {
  const findMember = createFindMember({ tenants, wakeups })
  const lastUsed = releases.use(createLastUsed({ tenants, log: log.child('api-keys') }))
  const onUsed: typeof lastUsed.note = (...use) => lastUsed.note(...use)
  const holders = createKeyHolders({ database, tenants, wakeups, findMember, onUsed })
  return { findMember, holders, apiKeys: createApiKeys({ tenants, events, wakeups }) }
}
