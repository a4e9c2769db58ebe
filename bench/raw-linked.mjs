import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { BufferJSON } from '@whiskeysockets/baileys'

/** How accounts that are linked already reach raw Baileys: one JSON object a line. */
export async function writeLinked(file, accounts) {
  const out = createWriteStream(file, { mode: 0o600 })
  for (const { phoneNumber, creds, keys, usedPreKeys } of accounts) {
    const line = JSON.stringify({ account: phoneNumber, creds, keys, usedPreKeys }, BufferJSON.replacer)
    if (!out.write(`${line}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

/**
 * @param {string} file
 * @param {{ kept: string }} options `in memory`: as whoever keeps Baileys' keys in a Map has them; `elsewhere`: only what a login asks for,
 *   as if everything else lay in a database
 */
export async function* readLinked(file, { kept }) {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { account, creds, keys, usedPreKeys } = JSON.parse(line, BufferJSON.reviver)
    const stored = new Map()
    const last = creds.nextPreKeyId - 1
    for (let id = kept === 'elsewhere' ? last : usedPreKeys + 1; id <= last; id += 1)
      stored.set(`pre-key ${id}`, pair())
    if (kept !== 'elsewhere') {
      for (const [type, values] of Object.entries(keys)) {
        for (const [id, value] of Object.entries(values)) stored.set(`${type} ${id}`, value)
      }
    }
    yield { account, creds, stored }
  }
}

/** Nobody opens a session with it here, so what it takes up is all that matters. */
const pair = () => ({ private: Buffer.from(randomBytes(32)), public: Buffer.from(randomBytes(32)) })
