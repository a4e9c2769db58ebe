import { CliError } from '../cli-error.js'
import type { CliContext, Given } from '../command.js'

/** The link is for people: at the address that they use. */
export function linkBase({ env }: Pick<CliContext, 'env'>, given: Given, publicUrl: string | null): string {
  const port = env['PORT']
  const base = given.text('url') ?? publicUrl ?? `http://localhost:${port?.trim() || '3000'}`
  if (URL.canParse(base) && /^https?:/.test(base)) return base
  throw new CliError('--url must be an address such as https://link.example.com.')
}
