import { createBaileysEngine } from '../../src/backend/engine/baileys/baileys-engine.js'
import { createLog } from '../../src/backend/log.js'
import type { Phone } from '../../src/simulator/index.js'
import type { EngineAccount, EngineRig } from './engine-rig.js'

/** An account that somebody is about to keep busy, and a friend who only wants to be heard. */
export type FloodedAccount = {
  account: EngineAccount
  phone: Phone
  friend: Phone
  /** What a gateway with the usual settings would have logged. */
  logLines: string[]
  /** The friend writes, and is heard. */
  talk(text: string): Promise<void>
}

export async function floodedAccount(rig: EngineRig): Promise<FloodedAccount> {
  const logLines: string[] = []
  const log = createLog({ level: 'info', destination: { write: line => void logLines.push(line) } })
  const engine = createBaileysEngine({
    url: rig.simulator.url,
    preKeys: rig.preKeys,
    log,
    watch: { mediaUrl: rig.simulator.mediaUrl },
  })
  const [phone, friend] = [await rig.phone(), await rig.phone()]
  const account = await rig.linked(phone)
  await account.next('app_state_keys')
  await account.close()
  await account.reload()
  await account.open(undefined, engine)
  const talk = async (text: string) => {
    await friend.send(phone, text)
    await account.hears(text)
  }
  await talk('hello')
  await phone.waitForQuiet()
  return { account, phone, friend, logLines, talk }
}

/** Of the account's settings: how many of their patches are stored. */
export async function appStateVersion(account: EngineAccount): Promise<number> {
  const stored = (await account.keys.read('app-state-sync-version', ['regular'])).get('regular')
  if (stored === undefined) return 0
  return Number(/"version":(\d+)/.exec(Buffer.from(stored).toString())?.[1] ?? 0)
}
