import { type LinkAttemptView, type LinkPhase } from '../../contract/linking.js'
import { missionStatus } from '../../contract/sessions.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import { sessionReason } from '../sessions/session-reasons.js'
import type { Vault } from '../vault/vault.js'
import { codeCell, qrCell } from './attempt-cells.js'
import type { Attempt } from './attempts-reading.js'
import { stageOf } from './link-phase.js'
import { linkReason } from './link-reasons.js'
import { linkedSession } from './managed-session.js'
import { qrPicture } from './qr-picture.js'

const counting: readonly LinkPhase[] = ['starting', 'scanning']

/** An attempt as its own visitor may see it. A QR or code is opened for this answer and kept nowhere else. */
export async function attemptView(tx: TenantReader, vault: Vault, attempt: Attempt): Promise<LinkAttemptView> {
  const { sessionId, mode, method, phase } = attempt
  const { step, percent, state: stageState } = stageOf(phase, mode)
  // a link that has finished tells of the session it has made, whatever became of that
  const session = phase === 'complete' ? await linkedSession(tx, sessionId) : null
  const state = session?.state ?? stageState
  const view: LinkAttemptView = {
    sessionId,
    status: missionStatus(state),
    state,
    mode,
    method,
    phase,
    step,
    percent,
    reason: sessionReason(session?.reason ?? null) ?? linkReason(attempt.reason),
    since: attempt.since.toISOString(),
  }
  if (counting.includes(phase)) view.expiresInMs = attempt.expiresInMs
  if (phase === 'scanning') Object.assign(view, await shownIn(tx, vault, attempt))
  if (session?.managed) view.can = ['resend', 'revoke']
  else if (session?.replaced) view.can = ['revoke']
  return view
}

type ShownFields = Pick<LinkAttemptView, 'qrCode' | 'qrExpiresInMs' | 'pairingCode' | 'codeExpiresInMs' | 'codeEntered'>

async function shownIn(tx: TenantReader, vault: Vault, attempt: Attempt): Promise<ShownFields> {
  const { sessionId, sealedQr, qrExpiresInMs, sealedCode, codeExpiresInMs, expiresInMs } = attempt
  const sealer = await vault.sealer(tx, { workspaceId: tx.scope.workspaceId, sessionId })
  if (sealedQr !== null && qrExpiresInMs !== null) {
    const qr = (await sealer.open(tx, qrCell(sessionId), sealedQr)).toString('utf8')
    return { qrCode: await qrPicture(qr), qrExpiresInMs: Math.min(qrExpiresInMs, expiresInMs) }
  }
  if (sealedCode === null || codeExpiresInMs === null) return {}
  const pairingCode = (await sealer.open(tx, codeCell(sessionId), sealedCode)).toString('utf8')
  return { pairingCode, codeExpiresInMs, codeEntered: attempt.codeEntered }
}
