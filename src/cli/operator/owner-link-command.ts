import { openOwnerLink } from '../../backend/owner-link.js'
import { CliError } from '../cli-error.js'
import { exitCodes, type CliContext, type Given } from '../command.js'
import { onLocalGateway } from './local-gateway.js'

/** Prints a new link for the first owner, alone on standard output; the one before ends. */
export async function ownerLinkCommand(context: CliContext, given: Given): Promise<number> {
  const { env, terminal } = context
  const link = await onLocalGateway(context, (config, ownerUrl) =>
    openOwnerLink({ ownerUrl, base: baseOf(given, config.publicUrl, env['PORT']) }),
  )
  terminal.write(`${link}\n`)
  terminal.writeError('Open it within 24 hours to become the first owner. Whoever has it can: keep it to yourself.\n')
  return exitCodes.done
}

/** The link is for people: at the address that they use. */
function baseOf(given: Given, publicUrl: string | null, port: string | undefined): string {
  const base = given.text('url') ?? publicUrl ?? `http://localhost:${port?.trim() || '3000'}`
  if (URL.canParse(base) && /^https?:/.test(base)) return base
  throw new CliError('--url must be an address such as https://link.example.com.')
}
