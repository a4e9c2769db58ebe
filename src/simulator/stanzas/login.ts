import type { Accounts } from '../accounts/accounts.js'
import { jidOf } from '../accounts/jid.js'
import type { Companion } from '../accounts/person.js'
import type { Incidents } from '../incidents.js'
import { node } from '../wire/node-codec.js'
import type { proto } from '../wire/protobuf.js'
import type { Client } from './client.js'
import { now } from './clock.js'
import { fail } from './stream-end.js'

const UNKNOWN_DEVICE = 401

export type LoginDeps = {
  accounts: Accounts
  incidents: Incidents
  /** Puts `companion.line` out in favour of the new connection. */
  replace(companion: Companion, by: Client): void
  loggedIn(client: Client, companion: Companion): void
}

/** Lets a device in by its Noise key once it has proven its half of the link; whoever was in under the same identity is put out. */
export function login(deps: LoginDeps, client: Client, payload: proto.ClientPayload, noiseKey: Buffer): void {
  const { accounts, incidents } = deps
  const phone = String(payload.username ?? '')
  const device = payload.device ?? 0
  const person = accounts.get(phone)
  const companion = person?.companions.get(device)
  const known = companion?.details.noiseKey.equals(noiseKey) === true
  if (known) client.companion = companion
  const version = versionOf(payload)
  if (incidents.strike('login', client, { phone, device, version })) return
  if (!person || !companion?.confirmed || !known) return fail(client, UNKNOWN_DEVICE)
  if (companion.line) deps.replace(companion, client)
  companion.line = client
  client.phase = 'login'
  deps.loggedIn(client, companion)
  const t = now()
  client.send(node('success', { t, lid: jidOf(person, 'lid', companion.deviceId), props: 27, location: 'sim' }))
  incidents.strike('success', client, { phone, device })
}

/** What the client says its version is, most significant part first. */
export function versionOf({ userAgent }: proto.ClientPayload): number[] {
  const { primary, secondary, tertiary } = userAgent?.appVersion ?? {}
  return [primary ?? 0, secondary ?? 0, tertiary ?? 0]
}
