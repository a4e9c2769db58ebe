import { SimulatorError } from '../errors.js'
import { appState, endlessAppState } from './app-state.js'
import { forge } from './forge.js'
import { clearFaults } from './clear-faults.js'
import { codeAnswer, codeLifetime } from './code-answer.js'
import { compress } from './compress.js'
import { deaf, halfOpen, partialFrame, silence } from './silence.js'
import { duplicate, endlessQueue, reorder, stuckQueue, tamper, withholdOfflineEnd } from './offline-queue.js'
import { failPreKeyUpload, preKeyCount } from './pre-keys.js'
import { reinstall } from './reinstall.js'
import { rejectStanza } from './reject-stanza.js'
import { giveAppStateKey, history, withholdAppStateKey } from './history.js'
import { deviceLimit } from './device-limit.js'
import { drainPreKeys } from './drain-pre-keys.js'
import { drop } from './drop.js'
import { failNextLogin, failRegistration } from './failure.js'
import type { Fault, FaultDeps, FaultParams } from './fault.js'
import { forgeAccountSignature } from './forge-account-signature.js'
import { forgetSessions } from './forget-sessions.js'
import { garbageFrame } from './garbage-frame.js'
import { passkeyRequest, rotateRegistration } from './linking-notifications.js'
import { pausePings } from './pause-pings.js'
import { refuseMessage } from './refuse-message.js'
import { downgrade, streamEnd, streamError } from './stream-error.js'
import { upgradeReset, upgradeSilence, upgradeStatus } from './upgrade.js'
import { withholdPairSuccess, withholdRestart } from './withhold.js'

/** Every fault there is, by the name tests and the control channel use. */
const FAULTS = new Map<string, Fault>([
  ['app-state', appState],
  ['clear-faults', clearFaults],
  ['code-answer', codeAnswer],
  ['code-lifetime', codeLifetime],
  ['compress', compress],
  ['deaf', deaf],
  ['device-limit', deviceLimit],
  ['downgrade', downgrade],
  ['drain-pre-keys', drainPreKeys],
  ['drop', drop],
  ['duplicate', duplicate],
  ['endless-app-state', endlessAppState],
  ['endless-queue', endlessQueue],
  ['fail-next-login', failNextLogin],
  ['fail-pre-key-upload', failPreKeyUpload],
  ['fail-registration', failRegistration],
  ['forge', forge],
  ['forge-account-signature', forgeAccountSignature],
  ['forget-sessions', forgetSessions],
  ['garbage-frame', garbageFrame],
  ['give-app-state-key', giveAppStateKey],
  ['half-open', halfOpen],
  ['history', history],
  ['partial-frame', partialFrame],
  ['passkey-request', passkeyRequest],
  ['pause-pings', pausePings],
  ['pre-key-count', preKeyCount],
  ['refuse-message', refuseMessage],
  ['reinstall', reinstall],
  ['reject-stanza', rejectStanza],
  ['reorder', reorder],
  ['rotate-registration', rotateRegistration],
  ['silence', silence],
  ['stream-end', streamEnd],
  ['stream-error', streamError],
  ['stuck-queue', stuckQueue],
  ['tamper', tamper],
  ['upgrade-reset', upgradeReset],
  ['upgrade-silence', upgradeSilence],
  ['upgrade-status', upgradeStatus],
  ['withhold-app-state-key', withholdAppStateKey],
  ['withhold-offline-end', withholdOfflineEnd],
  ['withhold-pair-success', withholdPairSuccess],
  ['withhold-restart', withholdRestart],
])

/** @throws SimulatorError `unknown_fault`, `unknown_device`, `device_offline`, `bad_request` */
export function setOff(deps: FaultDeps, name: string, params: FaultParams): void {
  const fault = FAULTS.get(name)
  if (!fault) throw new SimulatorError('unknown_fault', `there is no fault called ${name}`)
  fault(deps, params)
}
