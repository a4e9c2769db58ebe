import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../src/backend/http/route.js'
import { BadAsker, eightAtOnce, goodBody, type Refused } from './support/bad-asker.js'
import { badBodies, brings, categories, json } from './support/bad-input.js'
import { wrongProofs } from './support/wrong-proofs.js'
import { openSocket, parseAnswer } from './support/raw-request.js'
import { addressOf, nameOf, nothing, sampleOf } from './support/route-samples.js'

let asker: BadAsker
let routes: readonly Route[]

beforeAll(async () => {
  asker = await BadAsker.open()
  routes = asker.routes
})

afterAll(() => asker[Symbol.asyncDispose]())

/** What in a body is not as in the good one. */
function changedFields(body: string, good: Record<string, unknown>): string[] {
  try {
    const read = JSON.parse(body) as Record<string, unknown>
    return Object.keys(read).filter(field => json(read[field]) !== json(good[field]))
  } catch {
    return []
  }
}

/** The field at fault is named, unless the body as a whole is no JSON or too much of it. */
function fieldFaults({ problem, said }: Refused, fields: readonly string[]): string[] {
  if (problem?.code === 'invalid_json' || problem?.code === 'body_too_large') return []
  if (problem?.code !== 'validation_failed') return [`${said}: is answered ${problem?.code ?? 'nothing'}`]
  const paths = (problem.errors ?? []).map(({ path }) => path)
  // a field that is there twice looks like the good one; a choice between two bodies has no single field
  const isNamed =
    fields.length === 0 ? paths.length > 0 : paths.some(path => path === '' || fields.some(one => path.startsWith(one)))
  return isNamed ? [] : [`${said}: names ${paths.join()} and not ${fields.join()}`]
}

test('there are 52 categories, each tried here or where it says, or still to come with what it is about', () => {
  expect(categories.map(({ name }) => Number(name.split(' ')[0]))).toEqual(Array.from({ length: 52 }, (_, i) => i + 1))
  for (const category of categories) {
    const { name, bodies, fields, queries, elsewhere = [], later } = category
    expect([bodies, fields, queries, later, elsewhere[0]].some(Boolean), name).toBe(true)
    for (const file of elsewhere)
      expect(
        ['', '.long', '.pg'].some(kind => existsSync(`tests/${file}${kind}.test.ts`)),
        `${name}: ${file}`,
      ).toBe(true)
    expect(routes.filter(route => brings(category, route)).map(nameOf), `${name} has come: say what is tried`).toEqual(
      [],
    )
  }
})

describe('a body of category', () => {
  test.each(categories.filter(({ bodies, fields }) => bodies ?? fields).map(one => [one.name, one] as const))(
    '%s',
    async (_, category) => {
      const asked = routes.flatMap(route => {
        const good = goodBody(route)
        const mayPass = (body: string) => category.bodies && category.written !== true && passes(route, body)
        const bad = good === null ? [] : badBodies(category, good).filter(body => !mayPass(body))
        return bad.map(body => ({ route, body, fields: changedFields(body, good ?? {}) }))
      })
      expect(asked.length).toBeGreaterThan(0)
      await asker.unchanged(async () => {
        const faults = await eightAtOnce(asked, async ({ route, body, fields }) => {
          const refused = await asker.refuses(route, body)
          return [...refused.faults, ...(category.bodies ? fieldFaults(refused, fields) : [])]
        })
        expect(faults.flat()).toEqual([])
      })
    },
  )

  /** What a field takes after all, such as an empty text for a secret, is nothing bad. */
  function passes({ body: schema }: Route, body: string): boolean {
    try {
      const value: unknown = JSON.parse(body)
      return body.length < 60_000 && schema?.safeParse(value).success === true
    } catch {
      return false
    }
  }
})

describe('a query of category', () => {
  test.each(categories.filter(({ queries }) => queries).map(one => [one.name, one] as const))(
    '%s',
    async (_, { queries }) => {
      const asked = routes.flatMap(route =>
        Object.keys(sampleOf(route).query?.(nothing()) ?? {})
          .filter(name => queries?.names.test(name))
          .flatMap(name => (queries?.values ?? []).map(value => ({ route, query: { [name]: value } }))),
      )
      expect(asked.length).toBeGreaterThan(0)
      await asker.unchanged(async () => {
        const faults = await eightAtOnce(asked, async ({ route, query }) => {
          const refused = await asker.refusesQuery(route, query)
          return [...refused.faults, ...fieldFaults(refused, Object.keys(query))]
        })
        expect(faults.flat()).toEqual([])
      })
    },
  )
})

describe('every route', () => {
  const takers = () => routes.filter(route => goodBody(route) !== null)

  test('reads JSON alone', async () => {
    await asker.unchanged(async () => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16']) {
        const refused = await eightAtOnce(takers(), route =>
          asker.refuses(route, json(goodBody(route)), { 'content-type': type }),
        )
        expect(refused.flatMap(({ faults }) => faults)).toEqual([])
        expect(new Set(refused.map(({ problem }) => problem?.code))).toEqual(new Set(['unsupported_media_type']))
      }
    })
  })

  test('that is not for anyone takes no proof that is none, and reads nothing from whoever shows it', async () => {
    const proofs = await wrongProofs(asker.rig)
    const guarded = routes.filter(({ access }) => access)
    await asker.unchanged(async () => {
      for (const [name, proof] of Object.entries(proofs)) {
        const refused = await eightAtOnce(guarded, route =>
          asker.refuses(route, json(goodBody(route) ?? {}), { authorization: `Bearer ${proof}` }),
        )
        expect(refused.flatMap(({ faults }) => faults)).toEqual([])
        expect(refused.filter(({ status }) => status !== 401).map(({ said }) => `${name}: ${said}`)).toEqual([])
      }
    })
  })

  test('refuses 100 MB before they are sent', async () => {
    await asker.unchanged(async () => {
      const answers = await eightAtOnce(takers(), async route => {
        const socket = await openSocket(asker.rig.gateway.url)
        const heads = {
          host: 'localhost',
          'content-type': 'application/json',
          'content-length': '104857600',
          ...asker.proofFor(route),
        }
        const lines = Object.entries(heads).map(([name, value]) => `${name}: ${value}`)
        socket.write(
          `${route.method.toUpperCase()} ${addressOf(route, nothing())} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
        )
        const chunks: Buffer[] = []
        for await (const chunk of socket) chunks.push(chunk as Buffer)
        return `${nameOf(route)} ${parseAnswer(Buffer.concat(chunks).toString('utf8')).status}`
      })
      expect(answers.filter(answer => !answer.endsWith(' 413'))).toEqual([])
    })
  })

  test('keeps no idempotency key that is none', async () => {
    const posts = takers().filter(({ method, access }) => method === 'post' && access)
    await asker.unchanged(async () => {
      for (const key of [
        '',
        'x'.repeat(201),
        'x'.repeat(10_000),
        'a b',
        'a, b',
        Buffer.from('schlüssel').toString('latin1'),
      ]) {
        const refused = await eightAtOnce(posts, route =>
          // what is bad besides keeps whoever takes the key from acting
          asker.refuses(route, json({ ...goodBody(route), surprise: 1 }), { 'idempotency-key': key }),
        )
        expect(refused.flatMap(({ faults }) => faults)).toEqual([])
      }
    })
  })

  test('has its own methods, and its own address alone', async () => {
    await asker.unchanged(async () => {
      const refused = await eightAtOnce(routes, async route => {
        const { url } = asker.rig.gateway
        const address = `${url}${addressOf(route, nothing())}`
        const headers = { ...asker.proofFor(route), 'x-http-method-override': route.method.toUpperCase() }
        const put = await fetch(address, { method: 'PUT', headers })
        const twice = await fetch(address.replace(url, `${url}/`), { method: route.method.toUpperCase(), headers })
        return [put.status === 405, twice.status >= 400 && twice.status < 500].every(Boolean) ? [] : [nameOf(route)]
      })
      expect(refused.flat()).toEqual([])
    })
  })
})
