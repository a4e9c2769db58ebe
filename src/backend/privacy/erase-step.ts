import { sql, type RawBuilder } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { accountSessions } from './account-sessions.js'
import type { Names } from './contact.js'

/** What one transaction looks through. */
export type Batch = {
  names: Names
  /** Rows at most. */
  limit: number
  /** Only what is older; null: all. */
  before: Date | null
  /** Where the transaction before has ended; null: at the beginning. */
  after: string | null
}

/** How many rows are gone, and where the next transaction goes on; null: nowhere. */
export type Looked = { deleted: number; after: string | null }

export type Step = (tx: TenantTransactor, batch: Batch) => Promise<Looked>

/** Deletes so many rows at most. @returns how many */
export type Deletes = (tx: TenantTransactor, batch: Batch) => Promise<number>

export const untilNone =
  (step: Deletes): Step =>
  async (tx, batch) => {
    const deleted = await step(tx, batch)
    return { deleted, after: deleted < batch.limit ? null : 'more' }
  }

/**
 * Every step from its beginning to its end.
 * @param work does a part of one in a transaction
 * @returns how many rows are gone
 */
export async function runSteps(
  steps: readonly Step[],
  { names, before, limit }: Omit<Batch, 'after'>,
  work: (step: (tx: TenantTransactor) => Promise<Looked>) => Promise<Looked>,
): Promise<number> {
  let deleted = 0
  for (const step of steps) {
    let after: string | null = null
    do {
      const batch: Batch = { names, before, limit, after }
      const looked: Looked = await work(tx => step(tx, batch))
      deleted += looked.deleted
      ;({ after } = looked)
    } while (after !== null)
  }
  return deleted
}

export function olderThan(before: Date | null, at = sql`created_at`): RawBuilder<unknown> {
  return before === null ? sql`true` : sql`${at} < ${before}`
}

/** In another session than those of their own account. */
export function elsewhere(names: Names): RawBuilder<unknown> {
  return sql`session_id not in (${accountSessions(names)})`
}
