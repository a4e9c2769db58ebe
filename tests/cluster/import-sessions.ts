import { setTimeout as delay } from 'node:timers/promises'
import { BufferJSON, proto, type AuthenticationCreds } from '@whiskeysockets/baileys'
import type { SeededDevice, SimulatorControl } from '../../src/simulator/index.js'
import { encodeSessionId, type AppStateSyncKeys, type SessionIdString } from '../../src/session/index.js'

const atOnce = 6
const mostTries = 10

export type ImportingNode = { readonly url: string }

export type ImportOptions = {
  count: number
  firstNumber: number
  simulator: Pick<SimulatorControl, 'seedDevices'>
  /** They import in turn. */
  nodes: readonly ImportingNode[]
  serviceToken: string
  onImported?: (done: number) => void
}

/**
 * Accounts that have a device already, brought into the cluster by their session ID strings, which costs a fraction of a link each.
 * @returns what each device was given at its link, which a copy of it would have
 */
export async function importSessions(options: ImportOptions): Promise<SeededDevice[]> {
  const { count, firstNumber, simulator, nodes, serviceToken, onImported } = options
  let done = 0
  // none uploaded: a session that comes from elsewhere answers only for keys that it makes itself
  const { devices } = await simulator.seedDevices({ count, firstNumber: String(firstNumber), preKeys: 0 })
  const waiting = [...devices.entries()]
  const importNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, device] = next
      const url = nodes[index % nodes.length]?.url ?? ''
      await importOne(url, serviceToken, sessionIdOf(device))
      onImported?.(++done)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, importNext))
  return devices
}

/** A gateway that has too much to do says when to come again; it may turn out then that the first try had got through. */
async function importOne(
  url: string,
  serviceToken: string,
  sessionIdString: SessionIdString,
  tries = mostTries,
): Promise<void> {
  const response = await fetch(`${url}/api/v1/sessions/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${serviceToken}` },
    body: JSON.stringify({ sessionIdString, botStopped: true }),
  })
  if (response.status === 503 && tries > 1) {
    await delay(Number(response.headers.get('retry-after') ?? 1) * 1_000)
    return importOne(url, serviceToken, sessionIdString, tries - 1)
  }
  const ranAlready = response.status === 409 && tries < mostTries
  if (!response.ok && !ranAlready) throw new Error(`import answered ${response.status}: ${await response.text()}`)
}

function sessionIdOf({ creds, keys }: SeededDevice): SessionIdString {
  const appStateSyncKeys: AppStateSyncKeys = Object.fromEntries(
    Object.entries(keys['app-state-sync-key'] ?? {}).map(([id, text]) => [
      id,
      proto.Message.AppStateSyncKeyData.fromObject(JSON.parse(text, BufferJSON.reviver) as object),
    ]),
  )
  return encodeSessionId({
    creds: JSON.parse(creds, BufferJSON.reviver) as AuthenticationCreds,
    appStateSyncKeys,
    lidMapping: null,
    preKeys: null,
  })
}
