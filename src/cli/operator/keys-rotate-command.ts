import { rotateDataKeys, type ResealProgress, type ResealReport } from '../../backend/key-rotation/rotate-data-keys.js'
import { rotateSecret, type RewrapProgress, type RewrapReport } from '../../backend/key-rotation/rotate-secret.js'
import { createVault } from '../../backend/vault/vault.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { onLocalTenants, type LocalTenants } from './local-tenants.js'

/** Exit code 1 while anything is left, 130 when it was left off. */
export const keysRotateCommand: RunCommand = async (context: CliContext, given: Given) => {
  const { terminal } = context
  const json = given.has('json')
  const signal = context.takeInterrupts()
  const tell = (line: string) => {
    if (!json) terminal.write(`${line}\n`)
  }
  const rotate = given.has('data-keys') ? dataKeys : secret
  const { report, left, end, failed } = await onLocalTenants(context, local => rotate(local, signal, tell))
  terminal.write(json ? `${JSON.stringify(report)}\n` : `${end}\n`)
  if (signal.aborted) {
    tell('Left off here. Run it again to go on.')
    return exitCodes.interrupted
  }
  return left === 0 && failed !== true ? exitCodes.done : exitCodes.failed
}

type Rotated = { report: RewrapReport | ResealReport; left: number; end: string; failed?: true }

/** Whoever runs the command in another shell than the nodes has other settings, and would be told that all is done. */
const noFormerSecret =
  'Nothing was replaced: no former secret is known here. Run this with the settings of the nodes, the new WHATSAPP_SESSION_SECRET and the ' +
  'former one as WHATSAPP_SESSION_SECRET_PREVIOUS. Until it has wrapped every data key anew, leave both set on every node.'

async function secret(local: LocalTenants, signal: AbortSignal, tell: (line: string) => void): Promise<Rotated> {
  const onProgress = ({ workspaceId, done, left }: RewrapProgress) =>
    tell(`workspace ${workspaceId}: ${done} data keys wrapped anew, ${left} left`)
  const report = await rotateSecret({ ...local, signal, onProgress })
  const { rewrapped, left, unreadable } = report
  if (rewrapped === 0 && local.secrets.previous === null) return { report, left, end: noFormerSecret, failed: true }
  const done = `${rewrapped} data keys were wrapped with the new secret, ${left} are left.`
  if (left === 0) {
    const next = 'Take WHATSAPP_SESSION_SECRET_PREVIOUS out and restart the nodes, one after the other.'
    return { report, left, end: `${done}\n${next}` }
  }
  if (unreadable === 0) return { report, left, end: done }
  const why = `${unreadable} could not be opened with either secret: they are damaged, or of a secret before the former one.`
  return { report, left, end: `${done}\n${why}` }
}

async function dataKeys(local: LocalTenants, signal: AbortSignal, tell: (line: string) => void): Promise<Rotated> {
  const vault = createVault(local.secrets)
  const onProgress = ({ workspaceId, done, left, rows }: ResealProgress) =>
    tell(`workspace ${workspaceId}: ${done} of ${done + left} data keys replaced, ${rows} values sealed anew`)
  const report = await rotateDataKeys({ ...local, vault, signal, onProgress })
  const { keys, rows, left, unreadable } = report
  const done = `${keys} data keys were made, ${rows} values sealed anew, ${left} are left under older keys.`
  if (left > 0 && unreadable > 0) {
    return { report, left, end: `${done}\n${unreadable} do not open: they are damaged, and keep their keys.` }
  }
  return { report, left, end: left > 0 ? done : `${done}\nThe older keys are deleted by themselves within two hours.` }
}
