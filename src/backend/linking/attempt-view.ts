import { type LinkAttemptView, type LinkPhase } from '../../contract/linking.js'
import { missionStatus } from '../../contract/sessions.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import type { Vault } from '../vault/vault.js'
import { openQr, type Attempt } from './attempts-store.js'
import { stageOf } from './link-phase.js'
import { linkReason } from './link-reasons.js'
import { qrPicture } from './qr-picture.js'

const beforeScan: readonly LinkPhase[] = ['starting', 'scanning']

/** An attempt as its own visitor may see it. The QR is opened for this answer and kept nowhere else. */
export async function attemptView(tx: TenantReader, vault: Vault, attempt: Attempt): Promise<LinkAttemptView> {
  const { sessionId, mode, phase, sealedQr, qrExpiresInMs } = attempt
  const { step, percent, state } = stageOf(phase, mode)
  const view: LinkAttemptView = {
    sessionId,
    status: missionStatus(state),
    state,
    mode,
    method: 'qr',
    phase,
    step,
    percent,
    reason: linkReason(attempt.reason),
    since: attempt.since.toISOString(),
  }
  if (beforeScan.includes(phase)) view.expiresInMs = attempt.expiresInMs
  if (phase === 'scanning' && sealedQr !== null && qrExpiresInMs !== null) {
    const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
    view.qrCode = await qrPicture(openQr(sealer, sessionId, sealedQr))
    view.qrExpiresInMs = Math.min(qrExpiresInMs, attempt.expiresInMs)
  }
  return view
}
