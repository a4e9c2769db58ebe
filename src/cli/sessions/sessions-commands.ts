import type { Command, Options } from '../command.js'
import { addressDetails, addressOptions } from '../gateway/gateway-address.js'
import { tokenDetails } from '../gateway/service-token.js'

const json = { json: { type: 'boolean' } } as const satisfies Options
const yes = { yes: { type: 'boolean' } } as const satisfies Options
const yesDetails = '--yes          do not ask whether you are sure'
const usual = `--json         for programs
${addressDetails}

${tokenDetails}`

type About = { name: string; summary: string; details?: string; more?: string; options?: Options }

const ofOne = ({ name, summary, details = '', more = '', options = {} }: About, load: Command['load']): Command => ({
  name: `session ${name}`,
  summary,
  usage: `session ${name} SESSION_UUID ${more}[--json] [--url URL] [--insecure]`,
  details: `${details}${details === '' ? '' : '\n'}${usual}`,
  options: { ...addressOptions, ...json, ...options },
  operands: ['SESSION_UUID'],
  load,
})

const loaded = () => import('./session-command.js')

/** What may be asked of the sessions of a gateway. */
export const sessionsCommands: readonly Command[] = [
  {
    name: 'sessions',
    summary: 'list the sessions of a gateway, with their states',
    usage: 'sessions [--state STATE,…] [--json] [--url URL] [--insecure]',
    details: `--state STATE  only those in these states, separated by commas, such as disconnected,logged_out
${usual}`,
    options: { ...addressOptions, ...json, state: { type: 'string' } },
    operands: [],
    load: async () => (await import('./list-command.js')).listCommand,
  },
  ofOne({ name: 'status', summary: 'tell how a session is, and why' }, async () => (await loaded()).statusCommand),
  ofOne({ name: 'connect', summary: 'connect a session and keep it connected' }, async () =>
    (await loaded()).command('connect'),
  ),
  ofOne(
    { name: 'disconnect', summary: 'close a session and keep it linked; nothing connects it until you do' },
    async () => (await loaded()).command('disconnect'),
  ),
  ofOne({ name: 'reconnect', summary: 'make a new connection for a session now' }, async () =>
    (await loaded()).command('reconnect'),
  ),
  ofOne(
    {
      name: 'logout',
      summary: 'take the device of a session off its account',
      details: yesDetails,
      more: '[--yes] ',
      options: yes,
    },
    async () => (await loaded()).logOutCommand,
  ),
  ofOne(
    {
      name: 'hand-off',
      summary: 'leave a session to a bot, without logging out',
      details: '--deliver      send the session ID to the account’s own chat first',
      more: '[--deliver] ',
      options: { deliver: { type: 'boolean' } },
    },
    async () => (await loaded()).handOffCommand,
  ),
  ofOne(
    {
      name: 'delete',
      summary: 'log a session out as far as that can be done, and delete it',
      details: yesDetails,
      more: '[--yes] ',
      options: yes,
    },
    async () => (await loaded()).deleteCommand,
  ),
]
