import type { PhoneView } from '../../view.js'

/** What this visitor has not looked at yet on one phone. */
export interface UnseenMessages {
  /** @param open the chat on show, which counts as looked at */
  learn(phone: PhoneView, open: string | null): void
  count(chat: string): number
  total(): number
}

/**
 * WhatsApp counts what others wrote. What a linked device writes into the own chat is news here all the same, because it is what the
 * visitor waits for: whatever arrives there after the page was opened counts until the chat is opened.
 */
export function unseenMessages(): UnseenMessages {
  let seenInOwn: Set<string> | null = null
  let counts = new Map<string, number>()
  return {
    learn(phone, open) {
      counts = new Map()
      for (const chat of phone.chats) {
        const ids = chat.messages.map(message => message.id)
        if (chat.own && (seenInOwn === null || chat.with === open)) seenInOwn = new Set(ids)
        const unseen = chat.own ? ids.filter(id => seenInOwn?.has(id) === false).length : chat.unread
        counts.set(chat.with, chat.with === open ? 0 : unseen)
      }
    },
    count: chat => counts.get(chat) ?? 0,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  }
}
