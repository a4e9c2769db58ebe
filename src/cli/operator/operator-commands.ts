import type { Command, Options } from '../command.js'
import { localDetails } from './local-gateway-details.js'

const workspace = { workspace: { type: 'string' } } as const satisfies Options
const yes = { yes: { type: 'boolean' } } as const satisfies Options
const contactDetails = `FILE holds one phone number or JID; "-" is standard input. It is never written into the command itself, where other users see it.`
const workspaceDetails = '--workspace ID  another workspace than the operator’s own'

/** Commands that need the gateway's database and no gateway. */
export const operatorCommands: readonly Command[] = [
  {
    name: 'owner-link',
    summary: 'make a new link for the first owner, when the one that the first start printed is lost or too old',
    usage: 'owner-link [--url URL]',
    details: `${localDetails}

--url URL      the address people use; without it PUBLIC_URL, or http://localhost and PORT, or 3000

Exit code: 0 with the link alone on standard output, 1 not made: there is a first owner already.`,
    options: { url: { type: 'string' } },
    operands: [],
    load: async () => (await import('./owner-link-command.js')).ownerLinkCommand,
  },
  {
    name: 'users list',
    summary: 'tell who can sign in, and which workspaces they are in',
    usage: 'users list [--json]',
    details: `${localDetails}

--json         for programs`,
    options: { json: { type: 'boolean' } },
    operands: [],
    load: async () => (await import('./users-list-command.js')).usersListCommand,
  },
  {
    name: 'users password-link',
    summary: 'make a link by which somebody chooses a new password in place of a lost one',
    usage: 'users password-link USER|- [--without-second-factor] [--url URL]',
    details: `USER is the e-mail or the id of a login; "-" reads it from standard input. Make sure that whoever gets the link is who they say: nothing is
sent to anybody. It is good for one hour, once, and the one before ends. Once it is used, every sign-in of that login ends.
${localDetails}

--without-second-factor
               the login does without its second factor from then on, for somebody who has lost that and the recovery codes, too
--url URL      the address people use; without it PUBLIC_URL, or http://localhost and PORT, or 3000

Exit code: 0 with the link alone on standard output, 1 not made: there is no such login.`,
    options: { url: { type: 'string' }, 'without-second-factor': { type: 'boolean' } },
    operands: ['USER|-'],
    load: async () => (await import('./users-password-link-command.js')).usersPasswordLinkCommand,
  },
  {
    name: 'audit verify',
    summary: 'follow the audit log from its first entry to its last, and say where it was tampered with',
    usage: 'audit verify [--head HEAD] [--json]',
    details: `${localDetails}

--head HEAD    what an earlier run has printed, kept where nobody who has the database can write: only that shows a log that was written
               anew as a whole, or cut off together with its head; several with commas between
--json         for programs

Exit code: 0 whole, 1 broken or not read.`,
    options: { head: { type: 'string' }, json: { type: 'boolean' } },
    operands: [],
    load: async () => (await import('./audit-verify-command.js')).auditVerifyCommand,
  },
  {
    name: 'privacy export',
    summary: 'write everything that is stored of a contact, or in a workspace, as lines of JSON',
    usage: 'privacy export [FILE|-] [--workspace ID]',
    details: `Without FILE everything of the workspace. Credentials, keys, tokens and session IDs are never in it.
${contactDetails}
${localDetails}

${workspaceDetails}`,
    options: workspace,
    operands: ['[FILE|-]'],
    load: async () => (await import('./privacy-command.js')).exportCommand,
  },
  {
    name: 'privacy erase',
    summary: 'erase everything that names a contact, for good',
    usage: 'privacy erase FILE|- --yes [--workspace ID]',
    details: `${contactDetails}
${localDetails}

${workspaceDetails}
--yes           there is no way back`,
    options: { ...workspace, ...yes },
    operands: ['FILE|-'],
    load: async () => (await import('./privacy-command.js')).eraseCommand,
  },
  {
    name: 'privacy erase-workspace',
    summary: 'erase a workspace with all that is in it, for good',
    usage: 'privacy erase-workspace ID --yes',
    details: `${localDetails}

--yes           there is no way back`,
    options: yes,
    operands: ['ID'],
    load: async () => (await import('./privacy-command.js')).eraseWorkspaceCommand,
  },
  {
    name: 'keys status',
    summary: 'tell which session secret the stored data keys need, and whether all nodes have the new one',
    usage: 'keys status [--json]',
    details: `${localDetails}

--json         for programs

Exit code: 0 everything needs the present secret alone, 1 something needs another one, or it was not read.`,
    options: { json: { type: 'boolean' } },
    operands: [],
    load: async () => (await import('./keys-status-command.js')).keysStatusCommand,
  },
  {
    name: 'keys rotate',
    summary: 'put everything stored under the new session secret, while the nodes run',
    usage: 'keys rotate [--data-keys] [--json]',
    details: `${localDetails}

Every node has to run with the new WHATSAPP_SESSION_SECRET, and the former one as WHATSAPP_SESSION_SECRET_PREVIOUS; it is refused
otherwise. It may be left off (Ctrl-C) and run again at any time.

--data-keys    the data keys themselves instead: new ones for every session and workspace, and everything stored sealed anew with them,
               for when a secret and a copy of the database may have been seen together; takes half a minute and more
--json         for programs

Exit code: 0 nothing is left, 1 something is left or it was refused, 130 left off.`,
    options: { 'data-keys': { type: 'boolean' }, json: { type: 'boolean' } },
    operands: [],
    load: async () => (await import('./keys-rotate-command.js')).keysRotateCommand,
  },
]
