import type { InboundMessage } from '../engine/engine.js'

export const commandNames = ['menu', 'status', 'resend', 'support', 'disconnect'] as const

export type Command = (typeof commandNames)[number]

/**
 * The command that a message is, if it is nothing else: `.menu`, whatever its case and the space around it. Only what the account's owner
 * has written; the chat is looked at by whoever knows the account.
 */
export function commandOf({ content, fromMe }: InboundMessage): Command | null {
  if (!fromMe || content.kind !== 'text') return null
  const text = content.text.trim().toLowerCase()
  return commandNames.find(name => text === `.${name}`) ?? null
}
