import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { CliError } from '../cli-error.js'
import type { CliContext } from '../command.js'
import { isThisMachine } from './gateway-address.js'

export const tokenDetails = `The gateway wants its service token: WHATSAPP_SERVICE_TOKEN, or for a gateway on this machine the one it keeps in its
data folder (DATA_DIR, else ./data).`

/** Where a local gateway keeps the token that it made for programs of its own account. */
const fileName = 'service-token'

/** What an `Authorization: Bearer` header can carry (RFC 6750, 2.1). */
const carried = /^[A-Za-z0-9._~+/-]+=*$/

/**
 * The token that the operator's own programs show: `WHATSAPP_SERVICE_TOKEN`, else the one that a gateway started in this folder made.
 * The latter never leaves this machine.
 * @throws CliError when there is none
 */
export function serviceToken({ env, folder }: Pick<CliContext, 'env' | 'folder'>, gateway: URL): string {
  const given = env['WHATSAPP_SERVICE_TOKEN']?.trim()
  if (given) {
    if (carried.test(given)) return given
    throw new CliError(
      'WHATSAPP_SERVICE_TOKEN has signs that no request can carry.',
      'Set it to the value that the gateway has.',
    )
  }
  if (!isThisMachine(gateway)) {
    throw new CliError(
      'This needs the service token of that gateway.',
      'Set WHATSAPP_SERVICE_TOKEN to the value that the gateway has.',
    )
  }
  for (const dataDir of dataDirs(env['DATA_DIR'], folder)) {
    const token = readIfThere(join(dataDir, fileName))
    if (token !== null) return token
  }
  throw new CliError(
    'This needs the gateway’s service token, and there is none in its data folder.',
    'Run this in the folder the gateway was started in and as the same user, or set DATA_DIR or WHATSAPP_SERVICE_TOKEN.',
  )
}

/**
 * The token for what goes without one, too. It is shown to this machine only: others link at gateways that are not their own, where it is
 * nobody's business.
 */
export function serviceTokenIfAny(context: Pick<CliContext, 'env' | 'folder'>, gateway: URL): string | null {
  if (!isThisMachine(gateway)) return null
  try {
    return serviceToken(context, gateway)
  } catch (error) {
    if (error instanceof CliError) return null
    throw error
  }
}

/** Where a gateway started in this folder keeps its data: as root in a private folder it is a place below `/var/lib/whizlite`. */
export function dataDirs(given: string | undefined, folder: string): string[] {
  if (given?.trim()) return [resolve(folder, given.trim())]
  const here = resolve(folder)
  const place = createHash('sha256').update(here).digest('hex').slice(0, 8)
  return [join(here, 'data'), join('/var/lib/whizlite', `${basename(here)}-${place}`)]
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new CliError(
      'The service token in the gateway’s data folder cannot be read.',
      'Run this as the user the gateway runs as.',
    )
  }
}
