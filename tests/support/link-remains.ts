import { expect } from 'vitest'
import type { Rows } from './rows.js'

/** An attempt that linked nothing has left nothing: no credentials, keys, leases or session, nothing that was shown or typed, no place. */
export async function expectNothingKept(rows: Rows, sessionId: string): Promise<void> {
  for (const table of ['session_credentials', 'signal_keys', 'inbound_journal', 'data_keys', 'session_leases'])
    expect(await rows.query(`select from ${table} where session_id = $1`, [sessionId]), table).toEqual([])
  expect(
    await rows.query(`select qr, code, expected_number from link_attempts where session_id = $1`, [sessionId]),
  ).toEqual([{ qr: null, code: null, expected_number: null }])
  expect(await rows.query(`select from sessions where id = $1`, [sessionId])).toEqual([])
  await expect.poll(() => rows.query(`select from link_places where session_id = $1`, [sessionId])).toEqual([])
}
