import { allLogins, type LoginOverview } from '../../backend/identity/all-logins.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { printable } from '../printable.js'
import { onLocalTenants } from './local-tenants.js'

/** Logins with their places in workspaces. */
export const usersListCommand: RunCommand = async (context: CliContext, given: Given) => {
  const logins = await onLocalTenants(context, ({ database }) => allLogins(database))
  const { terminal } = context
  if (given.has('json')) terminal.write(`${JSON.stringify(logins, null, 2)}\n`)
  else if (logins.length === 0)
    terminal.write('Nobody has a login yet. The first owner gets one by: npx whizlite owner-link\n')
  else for (const login of logins) for (const line of linesOf(login)) terminal.write(`${line}\n`)
  return exitCodes.done
}

function* linesOf({ userId, email, secondFactor, places }: LoginOverview): Generator<string> {
  yield `${printable(email)}  ${userId}${secondFactor ? '  second factor' : ''}`
  if (places.length === 0) yield '  in no workspace'
  for (const { workspace, name, role, suspended } of places) {
    yield `  ${role} of ${printable(workspace)}, as ${printable(name)}${suspended ? ', suspended' : ''}`
  }
}
