import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { agree, generateKeyPair, type KeyPair } from './curve.js'
import { proto } from './protobuf.js'

/** Exactly 32 bytes, therefore used as the first hash without hashing it (Noise specification, section 5.2). */
const PROTOCOL_NAME = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0', 'latin1')
const EMPTY = Buffer.alloc(0)
const TAG_BYTES = 16

function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeUInt32BE(counter, 8)
  return iv
}

function seal(key: Buffer, counter: number, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter))
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function open(key: Buffer, counter: number, sealed: Buffer, aad: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter))
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()])
}

/** One direction-aware pair of keys after the handshake; each frame counts. */
export class NoiseTransport {
  #sent = 0
  #received = 0
  constructor(
    readonly sendKey: Buffer,
    readonly receiveKey: Buffer,
  ) {}

  encrypt(plaintext: Uint8Array): Buffer {
    return seal(this.sendKey, this.#sent++, plaintext, EMPTY)
  }

  /** @throws Error when the frame was not made with the client's key and counter. */
  decrypt(ciphertext: Buffer): Buffer {
    return open(this.receiveKey, this.#received++, ciphertext, EMPTY)
  }
}

export type ClientFinish = { clientStatic: Buffer; payload: Buffer; transport: NoiseTransport }

/** Server side of Noise_XX_25519_AESGCM_SHA256 as WhatsApp uses it: `hello` once, then `finish` once. */
export class NoiseResponder {
  #hash: Buffer = PROTOCOL_NAME
  #salt: Buffer = PROTOCOL_NAME
  #key: Buffer = PROTOCOL_NAME
  #counter = 0

  constructor(
    private readonly serverStatic: KeyPair,
    private readonly certificates: Uint8Array,
    private readonly ephemeral: KeyPair = generateKeyPair(),
  ) {}

  /** Takes the intro and the body of the first frame; answers the body of the server's hello. */
  hello(intro: Uint8Array, frame: Uint8Array): Buffer {
    const clientEphemeral = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral
    if (clientEphemeral?.length !== 32) throw new Error('client hello without ephemeral key')
    this.#mixHash(intro)
    this.#mixHash(clientEphemeral)
    this.#mixHash(this.ephemeral.publicKey)
    this.#mixKey(agree(this.ephemeral, clientEphemeral))
    const encryptedStatic = this.#encrypt(this.serverStatic.publicKey)
    this.#mixKey(agree(this.serverStatic, clientEphemeral))
    const payload = this.#encrypt(this.certificates)
    const serverHello = { ephemeral: this.ephemeral.publicKey, static: encryptedStatic, payload }
    return Buffer.from(proto.HandshakeMessage.encode({ serverHello }).finish())
  }

  finish(frame: Uint8Array): ClientFinish {
    const message = proto.HandshakeMessage.decode(frame).clientFinish
    if (!message?.static || !message.payload) throw new Error('client finish without static key or payload')
    const clientStatic = this.#decrypt(Buffer.from(message.static))
    this.#mixKey(agree(this.ephemeral, clientStatic))
    const payload = this.#decrypt(Buffer.from(message.payload))
    const [receiveKey, sendKey] = this.#derive(EMPTY)
    return { clientStatic, payload, transport: new NoiseTransport(sendKey, receiveKey) }
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest()
  }

  #derive(material: Uint8Array): [Buffer, Buffer] {
    const bytes = Buffer.from(hkdfSync('sha256', material, this.#salt, EMPTY, 64))
    return [bytes.subarray(0, 32), bytes.subarray(32)]
  }

  #mixKey(material: Uint8Array): void {
    ;[this.#salt, this.#key] = this.#derive(material)
    this.#counter = 0
  }

  #encrypt(plaintext: Uint8Array): Buffer {
    const sealed = seal(this.#key, this.#counter++, plaintext, this.#hash)
    this.#mixHash(sealed)
    return sealed
  }

  #decrypt(sealed: Buffer): Buffer {
    const plaintext = open(this.#key, this.#counter++, sealed, this.#hash)
    this.#mixHash(sealed)
    return plaintext
  }
}
