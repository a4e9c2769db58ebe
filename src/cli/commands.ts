import type { Command } from './command.js'
import { addressDetails, addressOptions } from './gateway/gateway-address.js'
import { tokenDetails } from './gateway/service-token.js'
import { operatorCommands } from './operator/operator-commands.js'
import { botStoppedDetails, botStoppedOption } from './session/bot-stopped.js'
import { prefixOption, sourceDetails } from './session/read-session-id.js'
import { sessionsCommands } from './sessions/sessions-commands.js'

export const commands: readonly Command[] = [
  {
    name: 'link',
    summary: 'link a WhatsApp account, with the QR or the pairing code in this terminal',
    usage: 'link [--code [NUMBER]] [--url URL] [--insecure]',
    details: `Shows the QR, follows every refresh, and tells how it ended. Ctrl-C cancels, also at the gateway.
A QR needs a terminal of about 65 columns by 36 rows, and with NO_COLOR a dark background. Into a pipe or a file go plain lines,
and --code is needed. A gateway on this machine is shown its service token, if there is one: then no limit holds.

--code NUMBER  pair by a code typed on the phone with this number, with its country code: +254 712 345678
--code         the same, and the number is asked for: other users of this machine can see what is written into a command
${addressDetails}

Exit code: 0 linked, 1 not linked, 130 cancelled here.`,
    options: { ...addressOptions, code: { type: 'string' } },
    askedFor: ['code'],
    operands: [],
    load: async () => (await import('./link/link-command.js')).linkCommand,
  },
  {
    name: 'session inspect',
    summary: 'tell what a session ID is, without a single secret byte',
    usage: 'session inspect [FILE|-] [--json] [--prefix P]',
    details: `Needs no gateway and no network. Exit code: 0 usable, 1 not.

${sourceDetails}
--json         for programs`,
    options: { ...prefixOption, json: { type: 'boolean' } },
    operands: ['[FILE|-]'],
    load: async () => (await import('./session/inspect-command.js')).inspectCommand,
  },
  {
    name: 'session import',
    summary: 'hand a session ID to a gateway that keeps the account connected from then on',
    usage: 'session import [FILE|-] [--bot-stopped] [--url URL] [--insecure] [--prefix P]',
    details: `${sourceDetails}
${botStoppedDetails}
${addressDetails}

${tokenDetails}`,
    options: { ...addressOptions, ...prefixOption, ...botStoppedOption },
    operands: ['[FILE|-]'],
    load: async () => (await import('./session/import-command.js')).importCommand,
  },
  {
    name: 'session take-back',
    summary: 'bring a session that was handed to a bot back to its gateway',
    usage: 'session take-back SESSION_UUID [--from FILE|-] [--bot-stopped] [--url URL] [--insecure] [--prefix P]',
    details: `Goes on from what the gateway has stored, or from a fresh session ID of the bot.

--from FILE    a session ID that the bot has written; "-" is standard input
--prefix P     what session IDs of that gateway begin with; without it SESSION_ID_PREFIX, or WHIZLITE_
${botStoppedDetails}
${addressDetails}

${tokenDetails}`,
    options: { ...addressOptions, ...prefixOption, ...botStoppedOption, from: { type: 'string' } },
    operands: ['SESSION_UUID'],
    load: async () => (await import('./session/take-back-command.js')).takeBackCommand,
  },
  ...sessionsCommands,
  ...operatorCommands,
]
