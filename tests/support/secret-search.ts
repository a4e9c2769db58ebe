import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A secret and the ways it could be written down. */
export type Sought = { name: string; needles: { form: string; bytes: Buffer }[] }

/** Shorter needles would be found by chance. */
const shortest = 12

/** @param secret text, or bytes of a key */
export function sought(name: string, secret: string | Uint8Array): Sought {
  const bytes = Buffer.from(secret)
  const forms: [string, Buffer][] = [
    ['raw', bytes],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['numbers', Buffer.from([...bytes].join(','))],
    ['numbers, spaced', Buffer.from([...bytes].join(', '))],
  ]
  for (const offset of [0, 1, 2]) {
    const text = base64Within(bytes, offset)
    forms.push([`base64+${offset}`, Buffer.from(text)])
    forms.push([`base64url+${offset}`, Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))])
  }
  if (typeof secret === 'string') {
    forms.push(['UTF-16', Buffer.from(secret, 'utf16le')])
    forms.push(['percent', Buffer.from(encodeURIComponent(secret))])
    forms.push(['reversed', Buffer.from(Array.from(bytes).toReversed())])
  }
  const needles = forms
    .map(([form, needle]) => ({ form, bytes: needle }))
    .filter(({ bytes: b }) => b.length >= shortest)
  if (needles.length === 0) throw new Error(`${name} is too short to be searched for`)
  return { name, needles }
}

/** The characters that base64 of something longer has for these bytes, when they stand at `offset` modulo 3 in it. */
function base64Within(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const complete = Math.floor(((offset + bytes.length) * 8) / 6)
  return text.slice(Math.ceil((offset * 8) / 6), complete)
}

/** `name as form` for everything that is found. */
export function find(secrets: readonly Sought[], haystack: Uint8Array | string): string[] {
  const bytes = Buffer.from(haystack)
  return secrets.flatMap(({ name, needles }) =>
    needles.filter(needle => bytes.includes(needle.bytes)).map(({ form }) => `${name} as ${form}`),
  )
}

/** Searches every file below a folder. @param except files to leave out, by their end */
export function findInFolder(secrets: readonly Sought[], folder: string, except: readonly string[] = []): string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  return names
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !except.some(end => path.endsWith(end)))
    .flatMap(path => find(secrets, readFileSync(path)).map(found => `${found} in ${path.slice(folder.length + 1)}`))
}
