import type { Cell } from '../vault/sealer.js'

/** Where each sealed value of a session lives. Part of what the seal binds, so a value cannot be moved. */
export const credentialsCell = (sessionId: string): Cell => ({
  table: 'session_credentials',
  column: 'credentials',
  row: sessionId,
})

export const signalKeyCell = (sessionId: string, type: string, id: string): Cell => ({
  table: 'signal_keys',
  column: 'value',
  row: JSON.stringify([sessionId, type, id]),
})

export const journalCell = (sessionId: string, hash: Uint8Array): Cell => ({
  table: 'inbound_journal',
  column: 'plaintext',
  row: `${sessionId}/${Buffer.from(hash).toString('hex')}`,
})
