import { randomUUID } from 'node:crypto'
import { loadConfig } from '../../dist/backend/config/config.js'
import { createTenants } from '../../dist/backend/database/tenant-transaction.js'
import { encodeCredentials } from '../../dist/backend/engine/baileys/credentials.js'
import { encodeKeyValue } from '../../dist/backend/engine/baileys/key-values.js'
import { createKeyStore } from '../../dist/backend/engine/postgres-keystore.js'
import { openGatewayDatabase } from '../../dist/backend/gateway-database.js'
import { openLease } from '../../dist/backend/leases/session-leases.js'
import { createLog } from '../../dist/backend/log.js'
import { personOf } from '../../dist/backend/linking/promote-attempt.js'
import { operatorWorkspace } from '../../dist/backend/tenancy/operator-workspace.js'
import { createVault } from '../../dist/backend/vault/vault.js'

const AT_ONCE = 8

/**
 * Stores accounts as linked sessions of a gateway that is gone: with the gateway's own code, so the next one to start finds what it would
 * have stored itself, sealed and all. No gateway may run meanwhile.
 *
 * @param {NodeJS.ProcessEnv} env the gateway's settings: DATA_DIR, and DATABASE_URL if it has one
 * @param {any[]} accounts of `makeAccount`
 */
export async function storeAccounts(env, accounts) {
  const config = loadConfig(env)
  const opened = await openGatewayDatabase(config, createLog({ level: 'silent' }))
  try {
    const tenants = createTenants(opened.database)
    const workspaceId = await operatorWorkspace(opened.database, tenants)
    const deps = { tenants, vault: createVault({ secret: config.sessionSecret }), workspaceId, nodeId: randomUUID() }
    let next = 0
    const worker = async () => {
      while (next < accounts.length) await storeAccount(deps, accounts[next++])
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  } finally {
    await opened[Symbol.asyncDispose]()
  }
}

async function storeAccount({ tenants, vault, workspaceId, nodeId }, account) {
  const sessionId = randomUUID()
  const { phoneNumber, lid, creds, seed, usedPreKeys } = account
  const { sealer, fence } = await tenants.transact({ workspaceId }, async tx => {
    const own = await vault.createSealer(tx, { workspaceId, sessionId })
    const lease = await openLease(tx, sessionId, nodeId)
    const person_id = await personOf(tx, { lid, phoneNumber })
    await tx.db
      .insertInto('sessions')
      .values({
        workspace_id: workspaceId,
        id: sessionId,
        person_id,
        mode: 'managed',
        state: 'connected',
        reason: null,
        phone_number: phoneNumber,
        lid,
      })
      .execute()
    return { sealer: own, fence: lease }
  })
  const usedIds = usedPreKeys === 0 ? [] : [[1, usedPreKeys]]
  const credentials = encodeCredentials({ creds, preKeys: { seed, usedIds } })
  const store = createKeyStore({ tenants, sealer, deadlineMs: 60_000 }, { workspaceId, sessionId, fence }, credentials)
  await store.commit({ credentials, keys: encoded(account.keys) })
  await tenants.transact({ workspaceId }, tx =>
    tx.db.updateTable('session_credentials').set({ staged: false }).where('session_id', '=', sessionId).execute(),
  )
}

function encoded(keys) {
  const values = (type, ids) => new Map(Object.entries(ids).map(([id, value]) => [id, encodeKeyValue(type, value)]))
  return new Map(Object.entries(keys).map(([type, ids]) => [type, values(type, ids)]))
}
