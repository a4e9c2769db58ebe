import { now } from '../stanzas/clock.js'
import { proto } from '../wire/protobuf.js'

const FIRST_NUMBER = 491_810_000_000

/** One chat nobody ever had, as the history of an account tells it. */
function conversation(place: number, messages: number): proto.IConversation {
  const id = `${FIRST_NUMBER + place}@s.whatsapp.net`
  const started = now() - 1_000_000
  return {
    id,
    name: `Chat ${place}`,
    messages: Array.from({ length: messages }, (_, each) => ({
      message: {
        key: { remoteJid: id, fromMe: each % 2 === 1, id: `HIST${place}-${each}` },
        message: { conversation: `old message ${each} of chat ${place}` },
        messageTimestamp: started + each,
      },
    })),
  }
}

/** A `HistorySync` of so many chats, chat by chat: the pieces one after the other are the message. */
export function* madeUpHistory(chats: number, messages: number): Generator<Buffer> {
  const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType
  for (let place = 0; place < chats; place++) {
    const conversations = [conversation(place, messages)]
    const sync = { syncType: INITIAL_BOOTSTRAP, chunkOrder: 1, progress: 100, conversations }
    yield Buffer.from(proto.HistorySync.encode(sync).finish())
  }
}
