import { createHash } from 'node:crypto'
import { makeNoiseHandler, NOISE_WA_HEADER, proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
import { describe, expect, test } from 'vitest'
import { certificateChain } from './certificates.js'
import { agree, verify, type KeyPair } from './curve.js'
import { NoiseResponder } from './noise.js'

/** A pair whose private half is one byte repeated: the public half is its product with the base point. */
function fixedPair(seed: number): KeyPair {
  const privateKey = Buffer.alloc(32, seed)
  const base = Buffer.alloc(32)
  base[0] = 9
  return { privateKey, publicKey: agree({ privateKey, publicKey: base }, base) }
}

const root = fixedPair(1)
const rootKey = { publicKey: root.publicKey.toString('hex'), privateKey: root.privateKey.toString('hex') }
const serverStatic = fixedPair(2)
const chain = certificateChain(rootKey, serverStatic.publicKey, new Date('2026-01-01T00:00:00Z'), fixedPair(3))
const clientEphemeral = fixedPair(5)
const clientStatic = fixedPair(6)

const logger = {
  level: 'silent',
  child: () => logger,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Baileys' client side against ours, every key fixed. */
async function handshake(): Promise<{
  hello: Buffer
  finish: ReturnType<NoiseResponder['finish']>
  client: ReturnType<typeof makeNoiseHandler>
}> {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey.publicKey, 'hex')
  const keyPair = { public: clientEphemeral.publicKey, private: clientEphemeral.privateKey }
  const client = makeNoiseHandler({ keyPair, NOISE_HEADER: NOISE_WA_HEADER, logger })
  const server = new NoiseResponder(serverStatic, chain, fixedPair(4))
  const clientHello = proto.HandshakeMessage.encode({ clientHello: { ephemeral: keyPair.public } }).finish()
  const hello = server.hello(NOISE_WA_HEADER, clientHello)
  const noiseKey = { public: clientStatic.publicKey, private: clientStatic.privateKey }
  const encryptedStatic = client.processHandshake(proto.HandshakeMessage.decode(hello), noiseKey)
  const payload = client.encrypt(Buffer.from('payload'))
  const clientFinish = proto.HandshakeMessage.encode({ clientFinish: { static: encryptedStatic, payload } }).finish()
  const finish = server.finish(clientFinish)
  await client.finishInit()
  return { hello, finish, client }
}

describe('the Noise responder', () => {
  test('makes fixed bytes of fixed keys', async () => {
    const { hello, finish } = await handshake()
    expect(sha256(chain)).toBe('c6497ab59b4d814aa30bb7938bd5227e9c7f342458f36cbc2ff9b7de923334a4')
    expect(sha256(hello)).toBe('7e2d304de2b5f1d4ef67fbebb5381f431d2f9a8295075c7bcbe54ac47c4f5527')
    expect(finish.transport.sendKey.toString('hex')).toBe(
      '42d56f743e71793450eb2bbb8b3ef2710323db688e991b06ca089802f4464a8b',
    )
    expect(finish.transport.receiveKey.toString('hex')).toBe(
      'ef1f549d41cdc059cf4ff7274692581527b89b9d6dc662a50049ff91f5006f36',
    )
  })

  test('learns who the client is, and talks to it both ways', async () => {
    const { finish, client } = await handshake()
    expect(finish.clientStatic).toEqual(clientStatic.publicKey)
    expect(finish.payload.toString()).toBe('payload')
    for (const word of ['one', 'two']) {
      expect(finish.transport.decrypt(Buffer.from(client.encrypt(Buffer.from(word)))).toString()).toBe(word)
      expect(Buffer.from(client.decrypt(finish.transport.encrypt(Buffer.from(word)))).toString()).toBe(word)
    }
    expect(() => finish.transport.decrypt(Buffer.alloc(40))).toThrow()
  })

  test('refuses what is no handshake', () => {
    const server = new NoiseResponder(serverStatic, chain)
    expect(() => server.hello(NOISE_WA_HEADER, Buffer.from([0x0a, 0x00]))).toThrow()
    expect(() => server.finish(Buffer.alloc(0))).toThrow()
  })
})

describe('the certificate chain', () => {
  const { intermediate, leaf } = proto.CertChain.decode(chain)
  const { Details } = proto.CertChain.NoiseCertificate

  test('is signed by the root, names the server’s key, and is valid now', () => {
    const middle = Details.decode(intermediate?.details ?? new Uint8Array())
    const end = Details.decode(leaf?.details ?? new Uint8Array())
    expect(verify(root.publicKey, intermediate?.details ?? chain, intermediate?.signature ?? chain)).toBe(true)
    expect(verify(middle.key ?? chain, leaf?.details ?? chain, leaf?.signature ?? chain)).toBe(true)
    expect(verify(clientStatic.publicKey, intermediate?.details ?? chain, intermediate?.signature ?? chain)).toBe(false)
    expect(Buffer.from(end.key ?? [])).toEqual(serverStatic.publicKey)
    expect(middle.issuerSerial).toBe(0)
    expect(end.issuerSerial).toBe(middle.serial)
    expect(Number(end.notBefore)).toBeLessThan(Number(end.notAfter))
  })
})
