import { rotateSecret, type RewrapProgress, type RewrapReport } from '../../backend/key-rotation/rotate-secret.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { onLocalTenants } from './local-tenants.js'

/** Exit code 1 while anything is left, 130 when it was left off. */
export const keysRotateCommand: RunCommand = async (context: CliContext, given: Given) => {
  const { terminal } = context
  const json = given.has('json')
  const signal = context.takeInterrupts()
  const onProgress = (progress: RewrapProgress) => {
    if (!json) terminal.write(lineOf(progress))
  }
  const report = await onLocalTenants(context, local => rotateSecret({ ...local, signal, onProgress }))
  terminal.write(json ? `${JSON.stringify(report)}\n` : endOf(report, signal.aborted))
  if (signal.aborted) return exitCodes.interrupted
  return report.left === 0 ? exitCodes.done : exitCodes.failed
}

const lineOf = ({ workspaceId, done, left }: RewrapProgress) =>
  `workspace ${workspaceId}: ${done} data keys wrapped anew, ${left} left\n`

function endOf({ rewrapped, left, unreadable }: RewrapReport, leftOff: boolean): string {
  const done = `${rewrapped} data keys were wrapped with the new secret, ${left} are left.\n`
  if (leftOff) return `${done}Left off here. Run it again to go on.\n`
  if (left === 0)
    return `${done}Take WHATSAPP_SESSION_SECRET_PREVIOUS out and restart the nodes, one after the other.\n`
  if (unreadable === 0) return `${done}Run it again.\n`
  return `${done}${unreadable} could not be opened with either secret: they are damaged, or of a secret before the former one.\n`
}
