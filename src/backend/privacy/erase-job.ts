import { setTimeout as delay } from 'node:timers/promises'
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
import { contactSteps, keySteps } from './erase-contact.js'
import { runSteps, type Looked } from './erase-step.js'
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
  operatorWorkspace: () => WorkspaceId
  log: Log
  /** Resolves when no message is being handled any more that was when it was called. */
  handled: (signal: AbortSignal) => Promise<void>
}

/** Longer than any message is handled: its reads and writes have their deadlines, and so has whatever it asks WhatsApp. */
const longestMs = 30_000

export const longHandled: EraseJobDeps['handled'] = signal => delay(longestMs, undefined, { signal })

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
  const some: Some = work => {
    signal.throwIfAborted()
    return tenants.transact({ workspaceId }, async tx => {
      const looked = await work(tx)
      await noteProgress(tx, erasureId, looked.deleted)
      return looked
    })
  }
  if (asked.kind === 'contact') await eraseContact(deps, erasureId, asked.names, { some, signal })
  else await eraseWorkspace(deps, workspaceId, some)
  log.info('erased', { workspaceId, code: asked.kind })
}

type Some = (work: (tx: TenantTransactor) => Promise<Looked>) => Promise<Looked>

const nothing: Looked = { deleted: 0, after: null }

async function eraseContact(
  deps: EraseJobDeps,
  erasureId: string,
  given: Names,
  { some, signal }: { some: Some; signal: AbortSignal },
): Promise<void> {
  let names = given
  await some(async tx => {
    names = await knownNames(tx, deps.vault, given)
    await deps.tombstones.ofContact(tx, tx.scope.workspaceId, names)
    return nothing
  })
  const batch = { names, before: null, limit: atOnce }
  await runSteps(contactSteps(deps), batch, some)
  if ((await runSteps(keySteps(deps), batch, some)) > 0) {
    // a message of theirs that was being read had the keys in hand, and has stored them again
    await deps.handled(signal)
    await runSteps(keySteps(deps), batch, some)
  }
  await some(async tx => {
    await sql`update erasures set contact = null, done_at = clock_timestamp() where id = ${erasureId}`.execute(tx.db)
    await audit(tx, { action: 'privacy.erased', target: erasureId })
    return nothing
  })
}

async function eraseWorkspace(deps: EraseJobDeps, workspaceId: WorkspaceId, some: Some): Promise<void> {
  const counted =
    (work: (tx: TenantTransactor) => Promise<number>) =>
    async (tx: TenantTransactor): Promise<Looked> => ({ deleted: await work(tx), after: null })
  await some(
    counted(async tx => {
      await deps.tombstones.ofWorkspace(tx, workspaceId)
      return shutWorkspace(deps, tx)
    }),
  )
  while ((await some(counted(tx => emptyNext(tx, atOnce)))).deleted > 0);
  await removeWorkspace(deps, workspaceId)
}

async function noteProgress(tx: TenantTransactor, erasureId: string, count: number): Promise<void> {
  if (count === 0) return
  await sql`update erasures set deleted = deleted + ${count} where id = ${erasureId}`.execute(tx.db)
}
