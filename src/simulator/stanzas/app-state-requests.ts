import { jidOf } from '../accounts/jid.js'
import type { Companion, Person } from '../accounts/person.js'
import { bytesOf, child, children, node, type Node } from '../wire/node-codec.js'
import { proto } from '../wire/protobuf.js'
import { now } from './clock.js'
import type { IqTable } from './iq.js'

const CONFLICT = 409
const PAGE_BYTES = 1024 * 1024

/** Reading and writing the collections the server keeps for a person without being able to read them. */
export function appStateRequests(changed: () => void): IqTable {
  return new Map([
    [
      'set w:sync:app:state sync',
      ({ companion, child: sync }) => {
        const collections = children(sync, 'collection').map(collection => serve(companion, collection))
        changed()
        return [node('sync', {}, collections)]
      },
    ],
  ])
}

function serve(companion: Companion, request: Node): Node {
  const name = request.attrs['name'] ?? ''
  const base = Number(request.attrs['version'] ?? 0)
  const patch = bytesOf(child(request, 'patch'))
  const { appState } = companion.person
  if (!patch) {
    const more = appState.endless.get(name)
    more?.()
    const snapshot = request.attrs['return_snapshot'] === 'true' ? appState.snapshots.get(name) : undefined
    const from = snapshot?.version ?? base
    const after = appState.since(name, from)
    const page = firstPage(after)
    const attrs = {
      name,
      version: from + page.length,
      has_more_patches: more || page.length < after.length ? 'true' : 'false',
    }
    return node('collection', attrs, [
      ...(snapshot ? [node('snapshot', {}, snapshot.reference)] : []),
      node(
        'patches',
        {},
        page.map(bytes => node('patch', {}, bytes)),
      ),
    ])
  }
  const version = appState.append(name, base, number => sealed(patch, number))
  if (version === undefined) {
    return node('collection', { name, version: appState.version(name), type: 'error' }, [
      node('error', { code: CONFLICT, text: 'conflict' }),
    ])
  }
  announceAppState(companion.person, name, companion)
  return node('collection', { name, version })
}

/** As many patches as one answer should carry, and always one. */
function firstPage(patches: Buffer[]): Buffer[] {
  let bytes = 0
  const end = patches.findIndex((patch, place) => (bytes += patch.length) > PAGE_BYTES && place > 0)
  return end < 0 ? patches : patches.slice(0, end)
}

/** A reader tells versions apart by the number inside the patch, which the writer leaves empty. */
function sealed(patch: Buffer, version: number): Buffer {
  const decoded = proto.SyncdPatch.decode(patch)
  decoded.version = { version }
  return Buffer.from(proto.SyncdPatch.encode(decoded).finish())
}

/** Tells an account's companions, except the one that wrote, which version a collection has. */
export function announceAppState(person: Person, name: string, writer?: Companion): void {
  const version = person.appState.version(name)
  for (const companion of person.companions.values()) {
    if (companion === writer || !companion.confirmed) continue
    const attrs = { type: 'server_sync', from: jidOf(person, 'pn'), id: `sync-${name}-${version}`, t: now() }
    companion.deliver(node('notification', attrs, [node('collection', { name, version })]))
  }
}
