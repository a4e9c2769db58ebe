import { knownValues } from './known-secrets.mjs'
import { filesOf, matchingLines, textsOf } from './tree.mjs'

const PATTERNS = [
  { what: 'a private key', pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
  { what: 'a session ID string', pattern: /WHIZLITE_[A-Za-z0-9.-]{40,}/ },
  { what: 'a GitHub token', pattern: /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}/ },
  { what: 'an npm token', pattern: /\bnpm_[A-Za-z0-9]{30,}/ },
  { what: 'an AWS access key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: 'a Google API key', pattern: /\bAIza[A-Za-z0-9_-]{35}\b/ },
  { what: 'a Slack token', pattern: /\bxox[abposr]-[A-Za-z0-9-]{20,}/ },
  { what: 'an API key', pattern: /\bsk-[A-Za-z0-9_-]{20,}/ },
  { what: 'a JSON web token', pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}/ },
]

const LONG = String.raw`([A-Fa-f0-9]{32,}|[A-Za-z0-9+/_-]{40,}={0,2})`
/** A long value in quotes, or one given to a name without: code, JSON, settings. */
const VALUE = new RegExp(String.raw`["'\x60]${LONG}["'\x60]|^[\w.-]+\s*[:=]\s*${LONG}\s*$`)
/** Bits per character. Random hex of 32 characters has about 3.6, words and repeated patterns much less. */
const RANDOM_HEX = 3
const RANDOM_BASE64 = 4.3

const KEY_FILES = /(^|\/)(\.env(\..+)?|id_(rsa|ed25519)|.+\.(pem|key|p12|pfx))$/

/**
 * Values that must not be in a repository: keys and tokens of known forms, long random values given to a name, key files.
 * @param {string} root
 * @param {typeof knownValues} known what may stay
 * @returns {import('./tree.mjs').Finding[]}
 */
export function secrets(root, known = knownValues) {
  const used = new Set()
  const allowed = (file, line) => {
    const entry = known.find(value => value.file === file && line.includes(value.part ?? ''))
    if (entry !== undefined) used.add(entry)
    return entry !== undefined
  }
  const files = filesOf(root).filter(file => KEY_FILES.test(file) && !file.endsWith('.env.example'))
  const found = [
    ...files.map(file => ({ file, message: 'is a file for keys' })),
    ...textsOf(root).flatMap(source => [...knownForms(source, allowed), ...randomValues(source, allowed)]),
  ]
  const stale = known.filter(value => !used.has(value))
  return [...found, ...stale.map(({ file }) => ({ file, message: 'known-secrets.mjs names a value that is not here' }))]
}

/** The value itself is never repeated in a message: reports are public. */
function knownForms(source, allowed) {
  return PATTERNS.flatMap(({ what, pattern }) =>
    matchingLines(source, pattern, ({ input }) => (allowed(source.file, input) ? null : `looks like ${what}`)),
  )
}

function randomValues(source, allowed) {
  if (source.file === 'package-lock.json') return []
  return matchingLines(source, VALUE, ({ input, 1: quoted, 2: plain }) => {
    const value = quoted ?? plain
    const isHex = /^[A-Fa-f0-9]+$/.test(value)
    if (entropy(value) < (isHex ? RANDOM_HEX : RANDOM_BASE64) || allowed(source.file, input)) return null
    return 'has a long random value'
  })
}

/** Shannon entropy in bits per character. */
function entropy(text) {
  const counts = new Map()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0)
}
