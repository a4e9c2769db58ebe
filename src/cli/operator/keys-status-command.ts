import { keyStatus, type KeyStatus } from '../../backend/key-rotation/key-status.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { onLocalTenants } from './local-tenants.js'

/** Exit code 1 while anything is left under another secret than the one that is set. */
export const keysStatusCommand: RunCommand = async (context: CliContext, given: Given) => {
  const status = await onLocalTenants(context, keyStatus)
  const { terminal } = context
  if (given.has('json')) terminal.write(`${JSON.stringify(status)}\n`)
  else for (const line of linesOf(status)) terminal.write(`${line}\n`)
  return status.wrapped.every(({ is }) => is === 'own') ? exitCodes.done : exitCodes.failed
}

const names = {
  own: 'WHATSAPP_SESSION_SECRET',
  previous: 'WHATSAPP_SESSION_SECRET_PREVIOUS',
  unknown: 'a secret that is not set here',
}

function* linesOf({ secrets, wrapped, nodes, workspaces }: KeyStatus): Generator<string> {
  yield `New data keys are wrapped with ${secrets.inUse === secrets.own ? names.own : names.previous} (${secrets.inUse}).`
  if (wrapped.length === 0) yield 'There are no data keys yet.'
  for (const { is, kekId, keys, workspaces: of } of wrapped) {
    yield `${names[is]} (${kekId}): ${keys} data keys in ${of} workspaces`
  }
  for (const { node, ready } of nodes) yield `node ${node}: ${ready ? 'has' : 'does NOT have'} the secret that is set`
  for (const each of workspaces.filter(({ keys }) => keys > 0)) {
    yield `workspace ${each.workspaceId}: ${each.keys} data keys of ${each.scopes} scopes, ${each.replacing} being replaced, ${each.retired} no longer needed`
  }
}
