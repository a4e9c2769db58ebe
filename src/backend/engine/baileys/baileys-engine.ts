import type { Log } from '../../log.js'
import type { ConnectOptions, Credentials, Engine, EngineConnection } from '../engine.js'
import type { ClientVersion } from '../../config/config.js'
import { createAuthState } from './auth-state.js'
import { BaileysConnection } from './baileys-connection.js'
import { clientVersion } from './client-version.js'
import { decodeCredentials, encodeCredentials, newCredentialsRecord } from './credentials.js'
import { whatsappMedia } from './media-file.js'
import { readOwnJournalled } from './own-journalled.js'
import { portableSource } from './portable-credentials.js'
import { preKeyOf, type PreKeyBatch } from './pre-keys/pre-key-batch.js'
import type { PreKeyPool } from './pre-keys/pre-key-pool.js'
import { Watches, type WatchSettings } from './session-watch.js'
import { connectDeadlineMs } from './socket-config.js'
import { isSameDevice, takeBack } from './take-back.js'
import { buildText } from './text-message.js'

export type BaileysEngineDeps = {
  /** `null`: the real WhatsApp. */
  url: string | null
  /** What the engine says it is; default: what the installed Baileys says. */
  version?: ClientVersion
  preKeys: PreKeyPool
  log: Log
  /** For connections that are not given their own, see `ConnectOptions`. */
  mayWrite?: () => boolean
  /** Longest time from the start of a connection to a QR or to `open`; default 25 s. */
  connectDeadlineMs?: number
  /** When a connection is taken for ill, and by which clock; for tests. */
  watch?: WatchSettings
}

/** Batches kept for accounts that are linking. Beyond it the oldest are derived again when they are needed. */
const keptBatches = 256

/** From a code on the page to work that nobody waits for. */
const quietMs = 200

export function createBaileysEngine({
  url,
  version = clientVersion(null),
  preKeys,
  log,
  ...deps
}: BaileysEngineDeps): Engine {
  const engineLog = log.child('engine')
  const watches = new Watches({ mediaUrl: url === null ? whatsappMedia : null, ...deps.watch })
  /** Keys derived ahead, until their one upload at the first login. By seed, because a link takes two sockets. */
  const warm = new Map<string, PreKeyBatch>()

  const keep = (batch: PreKeyBatch) => {
    const [oldest] = warm.keys()
    if (warm.size >= keptBatches && oldest !== undefined) warm.delete(oldest)
    warm.set(nameOf(batch.seed), batch)
  }

  const make = async (): Promise<Credentials> => {
    const batch = await preKeys.take()
    keep(batch)
    return encodeCredentials(newCredentialsRecord(batch.seed))
  }

  /** One set made ahead: its key pairs take as long as a handshake, so they are made when nobody waits for a code. */
  let ahead: Promise<Credentials> | null = null
  const prepare = () => {
    if (ahead !== null) return
    ahead = make()
    // whoever takes it tries again
    ahead.catch(() => {})
  }
  const prepareSoon = () => void setTimeout(prepare, quietMs).unref()
  prepareSoon()

  return {
    newCredentials(): Promise<Credentials> {
      // what went wrong before anybody asked is not told to who asks now
      const credentials = ahead?.catch(make) ?? make()
      ahead = null
      return credentials
    },

    buildText: ({ phoneNumber, to, text }) => buildText(to, text, `${phoneNumber}@s.whatsapp.net`),
    portableSource: (credentials, appStateKeys) => portableSource(decodeCredentials(credentials), appStateKeys),
    readOwnJournalled,
    isSameDevice,
    takeBack,

    connect(options: ConnectOptions): EngineConnection {
      const name = nameOf(decodeCredentials(options.keys.credentials).preKeys.seed)
      const auth = createAuthState(options.keys, id => {
        const batch = warm.get(name)
        return batch && preKeyOf(batch, id)
      })
      return new BaileysConnection({
        ...(deps.mayWrite && { mayWrite: deps.mayWrite }),
        ...options,
        url,
        version,
        auth,
        watches,
        name,
        log: engineLog,
        connectDeadlineMs: deps.connectDeadlineMs ?? connectDeadlineMs,
        onEvent(event) {
          if (event.type === 'open') warm.delete(name)
          if (event.type === 'qr' || event.type === 'pairing_code' || event.type === 'closed') prepareSoon()
          options.onEvent(event)
        },
      })
    },
  }
}

function nameOf(seed: Uint8Array): string {
  return Buffer.from(seed).toString('hex')
}
