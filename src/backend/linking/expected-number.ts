import type { TenantReader } from '../database/tenant-transaction.js'
import type { Sealer } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import { numberCell } from './attempt-cells.js'
import type { Attempt } from './attempts-reading.js'

export function sealNumber(sealer: Sealer, sessionId: string, digits: string): Buffer {
  return sealer.seal(numberCell(sessionId), Buffer.from(digits))
}

/** The number that an attempt under way by code is for. */
export async function expectedNumber(
  tx: TenantReader,
  vault: Vault,
  { sessionId, sealedNumber }: Pick<Attempt, 'sessionId' | 'sealedNumber'>,
): Promise<string | null> {
  if (sealedNumber === null) return null
  const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
  return sealer.open(numberCell(sessionId), sealedNumber).toString('utf8')
}

/**
 * Whether an account's number is the one that was typed. Three countries have numbers of two lengths for one and the same subscriber,
 * and WhatsApp may name an account by the other one: Brazil's ninth digit after the area code, Mexico's 1 and Argentina's 9 before it.
 */
export function isSameNumber(typed: string, linked: string): boolean {
  return subscriber(typed) === subscriber(linked)
}

function subscriber(digits: string): string {
  return digits
    .replace(/^521(\d{10})$/, '52$1')
    .replace(/^549(\d{10})$/, '54$1')
    .replace(/^55(\d{2})9([6-9]\d{7})$/, '55$1$2')
}
