export type SeedOptions = {
  /** how many accounts with one linked device each */
  count: number
  /** digits of the first account; the others follow; default 4916000000001 */
  firstNumber?: string | undefined
  /** how many people every device is in contact with, both ways; they are the same people for all devices, default 0 */
  contacts?: number | undefined
  /** digits of the first contact; default 4917000000001 */
  firstContact?: string | undefined
  /** one-time keys each device has uploaded; default 812, what a first login uploads */
  preKeys?: number | undefined
}

/** What a client has stored: key store type, id, value as Baileys' `BufferJSON` writes it. */
export type StoredKeys = Record<string, Record<string, string>>

export type SeededDevice = {
  phoneNumber: string
  lid: string
  jid: string
  deviceId: number
  /** Baileys' `AuthenticationCreds`, as its `BufferJSON` writes them */
  creds: string
  /** what only this device's key store holds */
  keys: StoredKeys
}

export type SeededDevices = {
  devices: SeededDevice[]
  /** what every device's key store holds besides its own: one-time keys, sessions and LIDs of the contacts */
  sharedKeys: StoredKeys
  contacts: { phoneNumber: string; lid: string; jid: string }[]
}
