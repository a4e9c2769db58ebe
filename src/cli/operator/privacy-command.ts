import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { WorkspaceId } from '../../contract/ids.js'
import { Contact } from '../../contract/privacy.js'
import { createLog } from '../../backend/log.js'
import { openOperatorPrivacy, type OperatorPrivacy } from '../../backend/privacy/operator-privacy.js'
import { CliError, UsageError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { readUpTo } from '../input.js'
import { onLocalGateway } from './local-gateway.js'

/** Characters of a file that holds one number or JID. */
const longest = 200

/** Everything of a contact, or of the workspace, as lines on standard output. */
export const exportCommand: RunCommand = async (context, given) => {
  const source = given.operands[0]
  const contact = source === undefined ? null : await contactOf(context, source)
  return withPrivacy(context, async privacy => {
    for await (const line of await privacy.export(workspaceOf(given), contact)) context.terminal.write(line)
    return exitCodes.done
  })
}

export const eraseCommand: RunCommand = async (context, given) => {
  const contact = await contactOf(context, given.operands[0] ?? '-')
  requireYes(given)
  return withPrivacy(context, async privacy => {
    const erasure = await privacy.erase(workspaceOf(given), contact)
    context.terminal.write(`Erased: ${erasure?.deleted ?? 0} rows.\n`)
    return exitCodes.done
  })
}

export const eraseWorkspaceCommand: RunCommand = async (context, given) => {
  const workspaceId = workspaceIdOf(given.operands[0] ?? '')
  requireYes(given)
  return withPrivacy(context, async privacy => {
    await privacy.erase(workspaceId, null)
    context.terminal.write(`Workspace ${workspaceId} is erased.\n`)
    return exitCodes.done
  })
}

function withPrivacy(context: CliContext, work: (privacy: OperatorPrivacy) => Promise<number>): Promise<number> {
  return onLocalGateway(context, async config => {
    await using privacy = await openOperatorPrivacy(config, createLog({ level: 'silent' }))
    return await work(privacy)
  })
}

/** From a file or standard input: other users of the machine see what is written into a command. */
async function contactOf({ input, folder }: CliContext, source: string): Promise<Contact> {
  const text = source === '-' ? await input.readAll(longest) : await fileText(resolve(folder, source))
  const contact = Contact.safeParse(text.trim())
  if (contact.success) return contact.data
  throw new CliError('There is no phone number or JID in the input.', 'Give one alone, such as 254700000001.')
}

async function fileText(file: string): Promise<string> {
  try {
    return await readUpTo(createReadStream(file), longest)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('That file cannot be read.', 'Give the name of a file that holds the number alone, or -.')
  }
}

function workspaceOf(given: Given): WorkspaceId | null {
  const text = given.text('workspace')
  return text === null ? null : workspaceIdOf(text)
}

function workspaceIdOf(text: string): WorkspaceId {
  const id = WorkspaceId.safeParse(text.toLowerCase())
  if (id.success) return id.data
  throw new UsageError('A workspace is named by its id, a UUID.')
}

function requireYes(given: Given): void {
  if (!given.has('yes')) throw new UsageError('There is no way back. Add --yes if you are sure.')
}
