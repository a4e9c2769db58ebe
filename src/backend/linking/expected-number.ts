import { subscriberOf } from '../../contract/subscriber.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import type { Sealer } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import { numberCell } from './attempt-cells.js'
import type { Attempt } from './attempts-reading.js'

export function sealNumber(tx: TenantReader, sealer: Sealer, sessionId: string, digits: string): Promise<Buffer> {
  return sealer.seal(tx, numberCell(sessionId), Buffer.from(digits))
}

/** The number that an attempt under way by code is for. */
export async function expectedNumber(
  tx: TenantReader,
  vault: Vault,
  { sessionId, sealedNumber }: Pick<Attempt, 'sessionId' | 'sealedNumber'>,
): Promise<string | null> {
  if (sealedNumber === null) return null
  const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
  return (await sealer.open(tx, numberCell(sessionId), sealedNumber)).toString('utf8')
}

/** Whether an account's number is the one that was typed, in whichever of its forms. */
export function isSameNumber(typed: string, linked: string): boolean {
  return subscriberOf(typed) === subscriberOf(linked)
}
