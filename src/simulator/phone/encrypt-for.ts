import { Companion, type Endpoint } from '../accounts/person.js'
import { companionBundle } from '../stanzas/pre-key-requests.js'
import { node, type Node } from '../wire/node-codec.js'
import type { PhoneDevice } from './phone-device.js'

/** One `<enc>` for one device; opens a session with a bundle from the server when there is none. */
export async function encryptFor(
  phone: PhoneDevice,
  device: Endpoint,
  content: Buffer,
  attrs: Record<string, string | number> = {},
): Promise<Node> {
  if (!phone.sessions.has(device)) {
    const bundle = device instanceof Companion ? companionBundle(device) : device.person.phone.takeBundle()
    await phone.sessions.begin(device, bundle)
  }
  const { type, body } = await phone.sessions.encrypt(device, content)
  return node('enc', { v: 2, type, ...attrs }, body)
}
