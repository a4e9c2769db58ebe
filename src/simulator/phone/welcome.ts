import { deflateSync } from 'node:zlib'
import { jidOf } from '../accounts/jid.js'
import type { Companion } from '../accounts/person.js'
import { proto } from '../wire/protobuf.js'
import type { PhoneDevice } from './phone-device.js'
import { sendPeer, type ProtocolMessage } from './send-peer.js'

const MESSAGES_PER_CHAT = 50

/** What a phone hands a freshly linked device: the app state key, its chats, the names it knows. */
export async function welcome(phone: PhoneDevice, companion: Companion): Promise<void> {
  if (companion.welcomed) return
  companion.welcomed = true
  const chats = history(phone)
  const { withholdsKey, nextHistory } = phone
  phone.withholdsKey = false
  phone.nextHistory = undefined
  const shared: ProtocolMessage[] = [
    ...(withholdsKey ? [] : [keyShare(phone)]),
    nextHistory ?? notice('INITIAL_BOOTSTRAP', chats),
    notice('PUSH_NAME', { pushnames: chats.pushnames }),
  ]
  for (const message of shared) await sendPeer(phone, companion, message)
}

export function keyShare(phone: PhoneDevice): ProtocolMessage {
  const { keyId, keyData, timestamp } = phone.keys.appState
  const fingerprint = { rawId: phone.keys.rawId, currentIndex: 0, deviceIndexes: [0] }
  return {
    type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
    appStateSyncKeyShare: { keys: [{ keyId: { keyId }, keyData: { keyData, timestamp, fingerprint } }] },
  }
}

/** The payload travels inside the notice: a blob on a media server would be fetched from WhatsApp's own host. */
function notice(syncType: 'INITIAL_BOOTSTRAP' | 'PUSH_NAME', sync: Partial<History>): ProtocolMessage {
  const content = { ...sync, syncType: proto.HistorySync.HistorySyncType[syncType], chunkOrder: 1, progress: 100 }
  const payload = deflateSync(proto.HistorySync.encode(content).finish())
  return {
    type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: proto.Message.HistorySyncType[syncType],
      chunkOrder: 1,
      progress: 100,
      initialHistBootstrapInlinePayload: payload,
    },
  }
}

type History = Required<Pick<proto.IHistorySync, 'conversations' | 'pushnames' | 'phoneNumberToLidMappings'>>

function history(phone: PhoneDevice): History {
  const accounts = phone.deps.accounts()
  const bubbles = phone.inbox.all().filter(bubble => bubble.text !== null)
  const chats = [...new Set(bubbles.map(bubble => bubble.chat))].flatMap(jid => {
    const person = accounts.find(jid)
    return person ? [{ jid, person }] : []
  })
  return {
    conversations: chats.map(({ jid, person }) => ({
      id: jid,
      lidJid: jidOf(person, 'lid'),
      name: person.name,
      messages: bubbles
        .filter(bubble => bubble.chat === jid)
        .slice(-MESSAGES_PER_CHAT)
        .map(bubble => ({
          message: {
            key: { remoteJid: jid, fromMe: bubble.fromMe, id: bubble.id },
            message: { conversation: bubble.text },
            messageTimestamp: bubble.timestamp,
          },
        })),
    })),
    pushnames: [...chats.map(({ person }) => person), phone.person].map(person => ({
      id: jidOf(person, 'pn'),
      pushname: person.name,
    })),
    phoneNumberToLidMappings: chats.map(({ person }) => ({
      pnJid: jidOf(person, 'pn'),
      lidJid: jidOf(person, 'lid'),
    })),
  }
}
