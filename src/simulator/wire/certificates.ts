import type { RootKey } from '../control-surface.js'
import { generateKeyPair, sign, type KeyPair } from './curve.js'
import { proto } from './protobuf.js'

const DAY_SECONDS = 24 * 60 * 60
const INTERMEDIATE_SERIAL = 1
const LEAF_SERIAL = 2

/** A fresh root of trust; its public half is what a client must be told. */
export function createRootKey(): RootKey {
  const pair = generateKeyPair()
  return { publicKey: pair.publicKey.toString('hex'), privateKey: pair.privateKey.toString('hex') }
}

/**
 * Bytes of the `CertChain` a server presents in the handshake: an intermediate signed by the root (issuer serial 0, which
 * clients compare) and a leaf that names the server's static key. Valid from a day before `now` for ten years.
 */
export function certificateChain(
  root: RootKey,
  serverStatic: Uint8Array,
  now: Date,
  intermediate: KeyPair = generateKeyPair(),
): Buffer {
  const { Details } = proto.CertChain.NoiseCertificate
  const start = Math.floor(now.getTime() / 1000) - DAY_SECONDS
  const validity = { notBefore: start, notAfter: start + 3650 * DAY_SECONDS }
  const intermediateDetails = Details.encode({
    serial: INTERMEDIATE_SERIAL,
    issuerSerial: 0,
    key: intermediate.publicKey,
    ...validity,
  }).finish()
  const leafDetails = Details.encode({
    serial: LEAF_SERIAL,
    issuerSerial: INTERMEDIATE_SERIAL,
    key: serverStatic,
    ...validity,
  }).finish()
  const rootPrivate = Buffer.from(root.privateKey, 'hex')
  return Buffer.from(
    proto.CertChain.encode({
      intermediate: { details: intermediateDetails, signature: sign(rootPrivate, intermediateDetails) },
      leaf: { details: leafDetails, signature: sign(intermediate.privateKey, leafDetails) },
    }).finish(),
  )
}
