import type { Accounts } from '../accounts/accounts.js'
import { jidOf } from '../accounts/jid.js'
import { node } from '../wire/node-codec.js'
import type { proto } from '../wire/protobuf.js'
import type { Client } from './client.js'
import { now } from './clock.js'
import { dismiss, replaced } from './stream-end.js'

const UNKNOWN_DEVICE = 401

/** Lets a linked device in by its Noise key; whoever was in under the same identity is put out. */
export function login(accounts: Accounts, client: Client, payload: proto.ClientPayload, noiseKey: Buffer): void {
  const person = accounts.get(String(payload.username ?? ''))
  const companion = person?.companions.get(payload.device ?? 0)
  if (!person || !companion?.details.noiseKey.equals(noiseKey)) return refuse(client, UNKNOWN_DEVICE)
  client.companion = companion
  if (companion.failNextLogin !== undefined) {
    const reason = companion.failNextLogin
    companion.failNextLogin = undefined
    return refuse(client, reason)
  }
  if (companion.line) dismiss(companion.line, replaced())
  companion.line = client
  client.phase = 'login'
  const t = now()
  client.send(node('success', { t, lid: jidOf(person, 'lid', companion.deviceId), props: 27, location: 'sim' }))
}

function refuse(client: Client, reason: number): void {
  client.send(node('failure', { reason, location: 'sim' }))
  client.close()
}
