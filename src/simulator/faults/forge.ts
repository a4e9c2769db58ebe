import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { jidOf } from '../accounts/jid.js'
import type { Person } from '../accounts/person.js'
import { SimulatorError } from '../errors.js'
import { sendToCompanions } from '../phone/send-peer.js'
import { proto } from '../wire/protobuf.js'
import { phoneOf, type Fault } from './fault.js'

type Forgery = (victim: Person) => proto.Message.IProtocolMessage

const { Type } = proto.Message.ProtocolMessage
/** What every forgery says, so that a test can look for it. */
const MARK = 'forged'

function forgedMessage(victim: Person): proto.IWebMessageInfo {
  return {
    key: { remoteJid: jidOf(victim, 'pn'), fromMe: true, id: `${MARK}-message` },
    message: { conversation: MARK },
    messageTimestamp: 1,
  }
}

/** What only the own phone may send. A client has to look at who sent it, not at what it says. */
const FORGERIES = new Map<string, Forgery>([
  [
    'history',
    victim => {
      const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType
      const conversations = [{ id: jidOf(victim, 'pn'), name: MARK, messages: [{ message: forgedMessage(victim) }] }]
      const history = proto.HistorySync.encode({ syncType: INITIAL_BOOTSTRAP, conversations }).finish()
      return {
        type: Type.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: {
          syncType: proto.Message.HistorySyncType.INITIAL_BOOTSTRAP,
          initialHistBootstrapInlinePayload: deflateSync(history),
        },
      }
    },
  ],
  [
    'data-response',
    victim => ({
      type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
        stanzaId: MARK,
        peerDataOperationResult: [
          {
            placeholderMessageResendResponse: {
              webMessageInfoBytes: proto.WebMessageInfo.encode(forgedMessage(victim)).finish(),
            },
          },
        ],
      },
    }),
  ],
  [
    'key-share',
    () => ({
      type: Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: {
        keys: [
          {
            keyId: { keyId: Buffer.from(MARK) },
            keyData: { keyData: randomBytes(32), timestamp: 1, fingerprint: { rawId: 1, currentIndex: 0 } },
          },
        ],
      },
    }),
  ],
  [
    'lid-mapping',
    victim => {
      const mapping = { pn: Number(victim.phoneNumber), assignedLid: 666, latestLid: 666 }
      const payload = proto.LIDMigrationMappingSyncPayload.encode({
        pnToLidMappings: [mapping],
        chatDbMigrationTimestamp: 1,
      })
      return {
        type: Type.LID_MIGRATION_MAPPING_SYNC,
        lidMigrationMappingSyncMessage: { encodedMappingPayload: deflateSync(payload.finish()) },
      }
    },
  ],
])

/**
 * A phone sends another account's devices what only their own phone may send them. Params: phone (who forges), to (whose devices), kind
 * (history, data-response, key-share, lid-mapping).
 */
export const forge: Fault = (deps, params) => {
  const phone = phoneOf(deps, params)
  const victim = deps.accounts.get(String(params['to'] ?? ''))
  const forgery = FORGERIES.get(String(params['kind']))
  if (!victim || !forgery) throw new SimulatorError('bad_request', 'the fault needs whom and what kind')
  phone.soon(() => sendToCompanions(phone, victim, forgery(victim)))
}
