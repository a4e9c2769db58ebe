import { jidOf } from '../accounts/jid.js'
import type { Companion } from '../accounts/person.js'
import { bytesOf, child, children, node, type Node } from '../wire/node-codec.js'
import { proto } from '../wire/protobuf.js'
import { now } from './clock.js'
import type { IqTable } from './iq.js'

const CONFLICT = 409

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
    const patches = appState.since(name, base).map(bytes => node('patch', {}, bytes))
    const attrs = { name, version: appState.version(name), has_more_patches: 'false' }
    return node('collection', attrs, [node('patches', {}, patches)])
  }
  const version = appState.append(name, base, number => sealed(patch, number))
  if (version === undefined) {
    return node('collection', { name, version: appState.version(name), type: 'error' }, [
      node('error', { code: CONFLICT, text: 'conflict' }),
    ])
  }
  tellOthers(companion, name, version)
  return node('collection', { name, version })
}

/** A reader tells versions apart by the number inside the patch, which the writer leaves empty. */
function sealed(patch: Buffer, version: number): Buffer {
  const decoded = proto.SyncdPatch.decode(patch)
  decoded.version = { version }
  return Buffer.from(proto.SyncdPatch.encode(decoded).finish())
}

function tellOthers(writer: Companion, name: string, version: number): void {
  const { person } = writer
  for (const companion of person.companions.values()) {
    if (companion === writer) continue
    const attrs = { type: 'server_sync', from: jidOf(person, 'pn'), id: `sync-${name}-${version}`, t: now() }
    companion.deliver(node('notification', attrs, [node('collection', { name, version })]))
  }
}
