import { Worker } from 'node:worker_threads'

/**
 * The definition of `derivePreKey` once more, as text: a worker made of text runs the same from the build and under a
 * test runner that loads TypeScript. A test holds both definitions together.
 */
const SOURCE = `
'use strict'
const { createPrivateKey, hkdfSync, randomBytes } = require('node:crypto')
const { parentPort } = require('node:worker_threads')
parentPort.on('message', count => {
  const seed = new Uint8Array(randomBytes(32))
  const keys = new Uint8Array(count * 64)
  for (let id = 1; id <= count; id += 1) {
    const scalar = Buffer.from(hkdfSync('sha256', seed, '', 'prekey/' + id, 32))
    scalar[0] &= 248
    scalar[31] = (scalar[31] & 127) | 64
    const key = { kty: 'OKP', crv: 'X25519', d: scalar.toString('base64url'), x: '' }
    const { x } = createPrivateKey({ key, format: 'jwk' }).export({ format: 'jwk' })
    keys.set(scalar, (id - 1) * 64)
    keys.set(Buffer.from(x, 'base64url'), (id - 1) * 64 + 32)
  }
  parentPort.postMessage({ seed, keys }, [seed.buffer, keys.buffer])
})
`

/** Message to the worker: how many keys. Message back: a `PreKeyBatch` of plain byte arrays. */
export function startPreKeyWorker(): Worker {
  return new Worker(SOURCE, {
    eval: true,
    name: 'pre-keys',
    // It needs neither our flags nor our secrets.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
  })
}
