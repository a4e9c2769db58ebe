import { sql } from 'kysely'
import { z } from 'zod'
import { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Database } from '../database/database.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import type { Job } from '../jobs/job.js'
import { errorCode, type Log } from '../log.js'
import type { Vault } from '../vault/vault.js'
import { knownNames, type Names } from './contact.js'
import { contactSteps } from './erase-contact.js'
import { emptyNext, removeWorkspace, shutWorkspace } from './erase-workspace.js'
import { readContact } from './erasures-store.js'
import { copyTombstones } from './tombstone-file.js'
import type { Tombstones } from './tombstones.js'
import './privacy-tables.js'

export type EraseJobDeps = {
  tenants: Tenants
  events: EventLog
  vault: Vault
  tombstones: Tombstones
  log: Log
}

/** Beside the job: where a copy of the tombstones is kept, so that it is there before any restore. */
export type EraseJobPlace = { database: Pick<Database, 'system'>; dataDir: string }

export const eraseJob = 'privacy-erase'

/** Rows of one transaction: short enough to be in nobody's way. */
const atOnce = 500

const Payload = z.object({ workspaceId: WorkspaceId, erasureId: z.uuid() })

/**
 * Erases a contact or a workspace, a few rows at a time. Each transaction notes how far it came, and everything may be done twice: after a
 * crash another node goes on.
 */
export function createEraseJob(deps: EraseJobDeps & EraseJobPlace): Job {
  return {
    name: eraseJob,
    async run(payload, { signal }) {
      const { workspaceId, erasureId } = Payload.parse(payload)
      await erase(deps, workspaceId, erasureId, signal)
      await copyTombstones(deps.database, deps.dataDir).catch((error: unknown) => {
        deps.log.warn('tombstones_not_copied', { code: errorCode(error), hint: 'make DATA_DIR writable' })
      })
    },
  }
}

/** @param erasureId one that is done, or that went with its workspace, is left alone */
export async function erase(
  deps: EraseJobDeps,
  workspaceId: WorkspaceId,
  erasureId: string,
  signal: AbortSignal,
): Promise<void> {
  const { tenants, vault, log } = deps
  const asked = await tenants.read({ workspaceId }, tx => readContact(tx, vault, erasureId))
  if (asked === null) return
  const some = async (work: (tx: TenantTransactor) => Promise<number>): Promise<number> => {
    signal.throwIfAborted()
    return tenants.transact({ workspaceId }, async tx => {
      const count = await work(tx)
      await noteProgress(tx, erasureId, count)
      return count
    })
  }
  if (asked.kind === 'contact') await eraseContact(deps, erasureId, asked.names, some)
  else await eraseWorkspace(deps, workspaceId, some)
  log.info('erased', { workspaceId, code: asked.kind })
}

type Some = (work: (tx: TenantTransactor) => Promise<number>) => Promise<number>

async function eraseContact(deps: EraseJobDeps, erasureId: string, given: Names, some: Some): Promise<void> {
  let names = given
  await some(async tx => {
    names = await knownNames(tx, deps.vault, given)
    await deps.tombstones.ofContact(tx, tx.scope.workspaceId, names)
    return 0
  })
  for (const step of contactSteps(deps)) {
    while ((await some(tx => step(tx, names, atOnce))) > 0);
  }
  await some(async tx => {
    await sql`update erasures set contact = null, done_at = clock_timestamp() where id = ${erasureId}`.execute(tx.db)
    await audit(tx, { action: 'privacy.erased', target: erasureId })
    return 0
  })
}

async function eraseWorkspace(deps: EraseJobDeps, workspaceId: WorkspaceId, some: Some): Promise<void> {
  await some(async tx => {
    await deps.tombstones.ofWorkspace(tx, workspaceId)
    return shutWorkspace(deps, tx)
  })
  while ((await some(tx => emptyNext(tx, atOnce))) > 0);
  await removeWorkspace(deps, workspaceId)
}

async function noteProgress(tx: TenantTransactor, erasureId: string, count: number): Promise<void> {
  if (count === 0) return
  await sql`update erasures set deleted = deleted + ${count} where id = ${erasureId}`.execute(tx.db)
}
