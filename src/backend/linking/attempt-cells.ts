import type { Cell } from '../vault/sealer.js'

const cell =
  (column: string) =>
  (sessionId: string): Cell => ({ table: 'link_attempts', column, row: sessionId })

/** Where an attempt's secrets are sealed to. */
export const qrCell = cell('qr')
export const codeCell = cell('code')
export const numberCell = cell('expected_number')
export const nameCell = cell('name')
