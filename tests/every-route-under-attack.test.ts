import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../src/backend/http/route.js'
import type { Access } from '../src/backend/http/access.js'
import { member } from '../src/backend/http/actor.js'
import { UserId, WorkspaceId } from '../src/contract/ids.js'
import { AttackScene, type Party } from './support/attack-scene.js'
import { attack, unguarded } from './support/attacks.js'
import { DatabaseText } from './support/database-text.js'
import { nameOf, namedBy, nothing, sampleOf, unusedSamples } from './support/route-samples.js'

let scene: AttackScene
let routes: readonly Route[]

beforeAll(async () => {
  scene = await AttackScene.open()
  routes = scene.rig.gateway.routes
})

afterAll(() => scene[Symbol.asyncDispose]())

const ofVic = async (): Promise<string[]> => {
  await using database = await DatabaseText.open(scene.rig.gateway.database.ownerUrl)
  const { sessionId, keyId, userId, invitationId, erasureId } = scene.theirs
  const ids = {
    sessions: sessionId,
    api_keys: keyId,
    app_users: userId,
    invitations: invitationId,
    erasures: erasureId,
  }
  const all = await database.dump()
  return Object.entries(ids).flatMap(([name, id]) =>
    all.flatMap(({ table, text }) =>
      table === `whizlite.${name}` ? text.split('\n').filter(line => line.includes(id)) : [],
    ),
  )
}

test('every route is known here, and says who may ask or is for anyone', () => {
  expect(routes.length).toBeGreaterThan(40)
  routes.forEach(sampleOf)
  expect(unusedSamples(routes)).toEqual([])
  expect(unguarded(routes)).toEqual([])
})

test('what is searched for can be found by its owner', async () => {
  const { vic, theirs } = scene
  const heard = [
    await vic.asks('GET', '/api/v1/sessions'),
    await vic.asks('GET', '/api/v1/api-keys'),
    await vic.asks('GET', '/api/v1/me'),
    await vic.asks('GET', '/api/v1/invitations'),
    await vic.asks('GET', `/api/v1/privacy/erasures/${theirs.erasureId}`),
  ]
  const text = JSON.stringify(heard)
  const [party] = scene.parties
  expect(scene.canariesFor(party ?? expect.fail()).filter(word => !text.includes(word))).toEqual([])
})

test('nobody gets further than a route promises, hears a word of another’s, or learns what there is', async () => {
  const before = await ofVic()
  expect(before.length).toBeGreaterThanOrEqual(5)
  const found: string[] = []
  const all = scene.parties.map(async party => {
    for (const route of routes) found.push(...(await attack(scene, party, route)))
  })
  await Promise.all(all)
  expect(found).toEqual([])
  expect(await ofVic()).toEqual(before)
  const { logLines } = scene.rig.gateway
  expect(logLines.length).toBeGreaterThan(100)
  expect(logLines.filter(line => /canary-|request_failed|unhandled/.test(line))).toEqual([])
}, 120_000)

test('a workspace that one is not in is for a sign-in like one that is not there', async () => {
  const { fay, theirs } = scene
  const said = await fay.signIn({ workspaceId: theirs.workspaceId })
  const other = await fay.signIn({ workspaceId: nothing().workspaceId })
  expect(said).toMatchObject({ status: 403, body: { code: 'no_workspace' } })
  expect(other.body).toEqual(said.body)
  await fay.signIn()
})

/** Changed while the work is done; what the change does not have is away as long. */
async function changed<Thing extends object, Result>(
  thing: Thing,
  change: Thing,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = { ...thing }
  const become = (other: Thing) => {
    for (const name of Object.keys(thing)) Reflect.deleteProperty(thing, name)
    Object.assign(thing, other)
  }
  try {
    become(change)
    return await work()
  } finally {
    become(before)
  }
}

/** By the first who finds something. */
async function isNoticed(parties: readonly Party[], find: (party: Party) => Promise<string[]>): Promise<boolean> {
  for (const party of parties) if ((await find(party)).length > 0) return true
  return false
}

describe('would be noticed:', () => {
  test('a route without access', () => {
    const { access: _forgotten, ...open } = routes.find(({ access }) => access) ?? expect.fail()
    expect(unguarded([...routes, open])).toEqual([nameOf(open)])
  })

  test('a route whose access is not held to', async () => {
    for (const route of routes) {
      const { access } = route
      if (access === undefined || (access.scope === 'read' && access.kinds === undefined)) continue
      const promised = { ...access }
      const held: Access = { scope: 'read', manySessions: true }
      const found = await changed(access, held, () =>
        isNoticed(scene.parties, party => attack(scene, party, route, promised)),
      )
      expect(found, nameOf(route)).toBe(true)
    }
  })

  test('a query without its scope', async () => {
    const { vic } = scene
    const asVic = { userId: UserId.parse(vic.userId), workspaceId: WorkspaceId.parse(vic.workspaceId) }
    // whose id is taken is answered so to its owner, too
    const isSame = (route: Route) => sampleOf(route).makes === true
    const guarded = routes.filter(
      route => route.access && !isSame(route) && (route.method === 'get' || namedBy(route).length > 0),
    )
    const strangers = scene.parties.filter(({ near, restricted }) => !near && !restricted)
    // those that end what the others need come last
    const deadly = (route: Route) => Number(/members\/:|erasures$/.test(route.path))
    for (const route of guarded.toSorted((a, b) => deadly(a) - deadly(b))) {
      await scene.plant()
      const handle: Route['handle'] = given =>
        before({ ...given, actor: { ...member(given.actor), ...asVic, role: 'owner' } })
      const before = route.handle
      const found = await changed(route, { ...route, handle }, () =>
        isNoticed(strangers, party => attack(scene, party, route)),
      )
      expect(found, nameOf(route)).toBe(true)
    }
  })
})
