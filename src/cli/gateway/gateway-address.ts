import { UsageError } from '../cli-error.js'
import type { Given, Options } from '../command.js'

/** Options of every command that talks to a gateway. */
export const addressOptions = { url: { type: 'string' }, insecure: { type: 'boolean' } } as const satisfies Options

export const addressDetails = `--url URL      the gateway's address; without it http://localhost and PORT, or 3000
--insecure     allow plain http to another machine: who listens on the way can read everything`

/**
 * The gateway that is meant. Plain http is for this machine only: cookies, codes, tokens and session IDs would be readable on the way.
 * @throws UsageError
 */
export function gatewayAddress(given: Given, env: Readonly<Record<string, string | undefined>>): URL {
  const text = given.text('url') ?? `http://localhost:${env['PORT']?.trim() || '3000'}`
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('--url must be an address such as https://link.example.com.')
  }
  if (url.username !== '' || url.password !== '') throw new UsageError('--url must not hold a name or a password.')
  if (url.protocol === 'http:' && !isThisMachine(url) && !given.has('insecure')) {
    throw new UsageError(
      `Plain http to ${url.host} could be read by anybody on the way.`,
      'Use its https address, or add --insecure if you trust every network in between.',
    )
  }
  return new URL(url.pathname.replace(/\/?$/, '/'), url)
}

export function isThisMachine({ hostname }: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** The address as people write it, without a closing slash. */
export function shown(url: URL): string {
  return url.href.replace(/\/$/, '')
}
