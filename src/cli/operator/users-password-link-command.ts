import { UserId } from '../../contract/ids.js'
import { EmailAddress } from '../../contract/people.js'
import { claimLink } from '../../backend/identity/link-tokens.js'
import { loginByEmail } from '../../backend/identity/logins-store.js'
import { newPasswordLink } from '../../backend/identity/password-link.js'
import { findOperator } from '../../backend/tenancy/operator.js'
import { CliError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given, type RunCommand } from '../command.js'
import { linkBase } from './link-base.js'
import { onLocalTenants, type LocalTenants } from './local-tenants.js'

/** Longer than any e-mail. */
const longest = 300

/** Prints a link for a new password, alone on standard output. */
export const usersPasswordLinkCommand: RunCommand = async (context: CliContext, given: Given) => {
  const { terminal, input } = context
  const [operand = '-'] = given.operands
  const who = (operand === '-' ? await input.readAll(longest) : operand).trim()
  const link = await onLocalTenants(context, async ({ database, tenants, publicUrl }) => {
    const base = linkBase(context, given, publicUrl)
    const userId = await loginOf(database, who)
    if (userId === null) return null
    const operator = await findOperator(database, tenants)
    const asked = { userId, dropsSecondFactor: given.has('without-second-factor') }
    const made = await newPasswordLink({ tenants, operator: () => operator }, asked)
    return made && claimLink(base, made.token)
  })
  if (link === null)
    throw new CliError('There is no login with this e-mail or id.', 'See who has one: npx whizlite users list')
  terminal.write(`${link}\n`)
  terminal.writeError(
    'It is good for one hour, once. Whoever has it can take the login over: give it to its owner alone.\n',
  )
  return exitCodes.done
}

async function loginOf(database: LocalTenants['database'], who: string): Promise<UserId | null> {
  const id = UserId.safeParse(who.toLowerCase())
  if (id.success) return id.data
  const email = EmailAddress.safeParse(who)
  return email.success ? loginByEmail(database, email.data) : null
}
