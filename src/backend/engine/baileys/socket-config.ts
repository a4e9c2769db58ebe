import { proto, type UserFacingSocketConfig } from '@whiskeysockets/baileys'
import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'
import type { ClientVersion } from '../../config/config.js'
import { deviceName, type ConnectOptions } from '../engine.js'
import type { AuthState } from './auth-state.js'
import { withoutDevice } from './jid.js'
import { ResendRequests } from './resend-requests.js'
import type { RetryCounts } from './retry-counts.js'
import { transactionOptions } from './signal-repository.js'

/** Longest time from the start of a connection to a QR or to `open`. Baileys alone waits for ever when the upgrade is refused. */
export const connectDeadlineMs = 25_000

/** Longer than a pairing code lives: when the QRs that nobody sees ran out, Baileys would end the connection under the code. */
const unseenQrMs = 600_000

/** The longest time that a timer takes. Baileys' own keep-alive goes on while a socket is paused, so `keep-alive.ts` stands in for it. */
const neverMs = 2 ** 31 - 1

export type SocketConfigInput = {
  url: string | null
  version: ClientVersion
  auth: AuthState
  logger: ILogger
  makeSignalRepository: NonNullable<UserFacingSocketConfig['makeSignalRepository']>
  sentMessage: ConnectOptions['sentMessage']
  pairsByCode: boolean
  /** For what Baileys fetches by HTTP. */
  downloads: RequestInit
  /** Of the session, the same for all its connections. */
  retries: RetryCounts
}

export function socketConfig({
  url,
  version,
  auth,
  logger,
  makeSignalRepository,
  sentMessage,
  pairsByCode,
  downloads,
  retries,
}: SocketConfigInput): UserFacingSocketConfig {
  return {
    ...(url !== null && { waWebSocketUrl: url }),
    version,
    auth: { creds: auth.creds, keys: auth.keys },
    logger,
    options: downloads,
    // the first word is the name that the phone shows under "Linked devices"
    browser: [deviceName, 'Chrome', '1.0'],
    connectTimeoutMs: connectDeadlineMs,
    defaultQueryTimeoutMs: 20_000,
    keepAliveIntervalMs: neverMs,
    ...(pairsByCode && { qrTimeout: unseenQrMs }),
    transactionOpts: transactionOptions,
    // the phone keeps its notifications
    markOnlineOnConnect: false,
    syncFullHistory: false,
    // see history-import.ts
    shouldSyncHistoryMessage: () => false,
    // left out they are, and nobody would find out that a collection is damaged, see watch-app-state.ts
    appStateMacVerification: { patch: true, snapshot: true },
    makeSignalRepository,
    msgRetryCounterCache: retries,
    placeholderResendCache: new ResendRequests(),
    // so long Baileys would let all other messages wait behind each one that it cannot read
    retryRequestDelayMs: 0,
    getMessage: async ({ id, remoteJid }) => {
      if (!id || !remoteJid) return undefined
      const bytes = await sentMessage(withoutDevice(remoteJid), id)
      // a truthy empty object would be relayed as an empty message under the same id
      return bytes === null ? undefined : proto.Message.decode(bytes)
    },
  }
}
