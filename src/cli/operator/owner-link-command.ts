import { openOwnerLink } from '../../backend/owner-link.js'
import { exitCodes, type CliContext, type Given } from '../command.js'
import { linkBase } from './link-base.js'
import { onLocalGateway } from './local-gateway.js'

/** Prints a new link for the first owner, alone on standard output; the one before ends. */
export async function ownerLinkCommand(context: CliContext, given: Given): Promise<number> {
  const { terminal } = context
  const link = await onLocalGateway(context, (config, ownerUrl) =>
    openOwnerLink({ ownerUrl, base: linkBase(context, given, config.publicUrl) }),
  )
  terminal.write(`${link}\n`)
  terminal.writeError('Open it within 24 hours to become the first owner. Whoever has it can: keep it to yourself.\n')
  return exitCodes.done
}
