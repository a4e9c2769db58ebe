import { randomBytes } from 'node:crypto'
import { SimulatorError } from '../errors.js'
import { appStateBlob, type AppStateFile } from '../phone/app-state-blob.js'
import type { RecoveryManner } from '../phone/app-state-recovery.js'
import type { AppStateEntry, PatchFlaw } from '../phone/app-state-writer.js'
import { announceAppState } from '../stanzas/app-state-requests.js'
import { proto } from '../wire/protobuf.js'
import { countParam, optionalCountParam, phoneOf, type Fault } from './fault.js'

const COLLECTIONS = ['critical_block', 'critical_unblock_low', 'regular_high', 'regular_low', 'regular']
const PER_PATCH = 1000
const UNREADABLE_BYTES = 4096

/** A contact's name, which no two entries have in common. */
function entry(place: number): AppStateEntry {
  const jid = `${String(491_800_000_000 + place)}@s.whatsapp.net`
  return { index: ['contact', jid], value: { timestamp: Date.now(), contactAction: { fullName: `Entry ${place}` } } }
}

function collectionParam(value: string | number | boolean | undefined): string {
  const name = String(value ?? 'regular')
  if (COLLECTIONS.includes(name)) return name
  throw new SimulatorError('bad_request', `collection is none of ${COLLECTIONS.join(', ')}`)
}

const FLAWS = ['missing-key', 'wrong-mac', 'missing-values'] as const

function flawParam(value: string | number | boolean | undefined): PatchFlaw | undefined {
  const flaw = FLAWS.find(known => known === value)
  if (value === undefined || flaw !== undefined) return flaw
  throw new SimulatorError('bad_request', `flaw is none of ${FLAWS.join(', ')}`)
}

const MANNERS = ['whole', 'none', 'unreadable'] as const

function recoveryParam(value: string | number | boolean | undefined): RecoveryManner {
  const manner = MANNERS.find(known => known === value)
  if (value === undefined) return 'whole'
  if (manner !== undefined) return manner
  throw new SimulatorError('bad_request', `recovery is none of ${MANNERS.join(', ')}`)
}

/**
 * The phone writes app state, in patches of at most 1,000 values, and its devices are told. With `flaw: 'missing-key'` they are made with a key
 * nobody has, with `'wrong-mac'` their MACs are wrong, with `'missing-values'` the values are not in the patches. With `whole` whoever reads the
 * collection from its beginning gets all of it without a flaw. With `file: 'patch'` the values lie on the media server; with `'snapshot'` so does, in
 * addition, what stands for the whole collection and cannot be read. A device that asks the phone for the collection gets it from now on, with
 * `recovery: 'none'` nothing, with `'unreadable'` something that it cannot read. Params: phone; collection (regular), count (1), flaw, whole,
 * recovery; file, bytesPerSecond, cutAfter (bytes), status, hugeBytes (served, never held).
 */
export const appState: Fault = (deps, params) => {
  const phone = phoneOf(deps, params)
  const flaw = flawParam(params['flaw'])
  const collection = collectionParam(params['collection'])
  const count = countParam(params, 'count')
  const recovery = recoveryParam(params['recovery'])
  const { file } = params
  if (file !== undefined && file !== 'patch' && file !== 'snapshot') {
    throw new SimulatorError('bad_request', 'file is none of patch, snapshot')
  }
  const served: AppStateFile = {
    bytesPerSecond: optionalCountParam(params, 'bytesPerSecond'),
    cutAfter: optionalCountParam(params, 'cutAfter'),
    status: optionalCountParam(params, 'status'),
    hugeBytes: optionalCountParam(params, 'hugeBytes'),
  }
  const store = (content: Uint8Array) => appStateBlob(deps.media, content, served)
  if (file === 'snapshot') {
    const whole = proto.ExternalBlobReference.encode(store(randomBytes(UNREADABLE_BYTES))).finish()
    phone.person.appState.snapshots.set(collection, { version: 0, reference: Buffer.from(whole) })
  }
  phone.recovery = recovery
  phone.soon(async () => {
    for (let done = 0; done < count; done += PER_PATCH) {
      const entries = Array.from({ length: Math.min(PER_PATCH, count - done) }, (_, place) => entry(done + place))
      phone.appState.write(collection, entries, { flaw, ...(file !== undefined && { store }) })
      // a hundred thousand values must not keep keepalives waiting
      await new Promise(resolve => setImmediate(resolve))
    }
    if (params['whole'] === true) {
      const { version, content } = phone.appState.whole(collection)
      const reference = proto.ExternalBlobReference.encode(appStateBlob(deps.media, content, {})).finish()
      phone.person.appState.snapshots.set(collection, { version, reference: Buffer.from(reference) })
    }
    announceAppState(phone.person, collection)
  })
}

/** Whoever reads the collection gets one more patch and the word that there are more, without end. Params: phone; collection (regular); off. */
export const endlessAppState: Fault = (deps, params) => {
  const phone = phoneOf(deps, params)
  const collection = collectionParam(params['collection'])
  const { appState: held } = phone.person
  if (params['off'] === true) return void held.endless.delete(collection)
  let place = 0
  held.endless.set(collection, () => phone.appState.write(collection, [entry(place++)]))
  phone.appState.write(collection, [entry(place++)])
  announceAppState(phone.person, collection)
}
