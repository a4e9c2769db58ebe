import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../src/backend/http/route.js'
import type { Access } from '../src/backend/http/access.js'
import { member } from '../src/backend/http/actor.js'
import { UserId, WorkspaceId } from '../src/contract/ids.js'
import { AttackScene, type Party } from './support/attack-scene.js'
import { actingBody, attack, unguarded } from './support/attacks.js'
import { nameOf, namedBy, nothing, sampleOf, unusedSamples } from './support/route-samples.js'

let scene: AttackScene
let routes: readonly Route[]

beforeAll(async () => {
  scene = await AttackScene.open()
  routes = scene.rig.gateway.routes
})

afterAll(() => scene[Symbol.asyncDispose]())

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
  const found: string[] = []
  const all = (parties: readonly Party[]) =>
    Promise.all(
      parties.map(async party => {
        for (const route of routes) found.push(...(await attack(scene, party, route)))
      }),
    )
  // what Vic's own key does is Vic's doing
  await all(scene.parties.filter(({ own }) => own))
  const before = await scene.rowsOfVic()
  const tables = new Set(before.map(line => line.split(' ')[0]))
  for (const table of ['sessions', 'api_keys', 'app_users', 'invitations', 'erasures', 'logins', 'refresh_families'])
    expect(tables).toContain(table)
  await all(scene.parties.filter(({ own }) => !own))
  expect(found).toEqual([])
  expect(await scene.rowsOfVic()).toEqual(before)
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
        isNoticed(scene.parties, party => attack(scene, party, route, { promised })),
      )
      expect(found, nameOf(route)).toBe(true)
    }
  })

  /** What is Vic’s to do needs a secret besides, or names a workspace, of which this body has nobody’s. */
  const secretive = new Set([
    'POST /api/v1/auth/switch-workspace',
    'POST /api/v1/auth/totp/confirm',
    'POST /api/v1/auth/totp/remove',
    'POST /api/v1/sessions/import',
  ])

  test('whatever is done without its scope', async () => {
    const { vic } = scene
    const asVic = { userId: UserId.parse(vic.userId), workspaceId: WorkspaceId.parse(vic.workspaceId) }
    const guarded = routes.filter(
      route =>
        route.access &&
        !secretive.has(nameOf(route)) &&
        (route.method === 'get' || actingBody(route) !== null || namedBy(route).length > 0 || sampleOf(route).reads),
    )
    const left = routes.filter(route => route.access && !guarded.includes(route) && route.method === 'post')
    expect(left.map(nameOf).toSorted()).toEqual([...secretive].toSorted())
    const strangers = scene.parties.filter(({ near, restricted }) => !near && !restricted)
    // those that end what the others need come last
    const deadly = (route: Route) => Number(/members\/:|erasures$|password|email|everywhere/.test(route.path))
    for (const route of guarded.toSorted((a, b) => deadly(a) - deadly(b))) {
      await scene.plant()
      const rows = await scene.rowsOfVic()
      const handle: Route['handle'] = given =>
        before({ ...given, actor: { ...member(given.actor), ...asVic, role: 'owner' } })
      const before = route.handle
      const found = await changed(route, { ...route, handle }, () =>
        isNoticed(strangers, async party => {
          const heard = await attack(scene, party, route, { evenLinks: true })
          if (heard.length > 0 || route.method !== 'post') return heard
          const after = await scene.rowsOfVic()
          return after.filter(line => !rows.includes(line))
        }),
      )
      expect(found, nameOf(route)).toBe(true)
      if (route.path.endsWith('/password')) vic.password = `${vic.password}s`
      if (route.path.endsWith('/email'))
        await scene.rig.rows.query('update logins set email = $1 where id = $2', [vic.email, vic.userId])
      if (/password|email|everywhere/.test(route.path)) await scene.comesBack(vic)
    }
  }, 120_000)
})
