import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Route } from '../src/backend/http/route.js'
import { BadAsker, eightAtOnce, goodBody, type Refused } from './support/bad-asker.js'
import { badByRule, goodByRule, mayTake, ruleOf, unusedRules, without } from './support/body-rules.js'
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
    const { name, bodies, fields, queries, elsewhere = {}, later } = category
    const tests = Object.entries(elsewhere)
    expect([bodies, fields, queries, later, tests[0]].some(Boolean), name).toBe(true)
    for (const [file, title] of tests) {
      const path = ['', '.long', '.pg'].map(kind => `tests/${file}${kind}.test.ts`).find(existsSync)
      expect(path && readFileSync(path, 'utf8'), `${name}: ${file}`).toContain(title)
    }
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

  /** What a field takes after all, such as an empty text for a token, is nothing bad. */
  function passes(route: Route, body: string): boolean {
    try {
      return Buffer.byteLength(body) <= 65_536 && mayTake(route, JSON.parse(body))
    } catch {
      return false
    }
  }
})

describe('what a body may say', () => {
  const takers = () => routes.filter(({ body }) => body)

  test('is written down by hand for every field of every route, and is taken', () => {
    expect(unusedRules(routes)).toEqual([])
    for (const route of takers()) {
      const name = nameOf(route)
      const shapes = objectsOf(z.toJSONSchema(route.body ?? z.never(), { io: 'input' }))
      const known = shapes.flatMap(({ properties }) => Object.keys(properties ?? {}))
      expect([name, new Set(known)]).toEqual([name, new Set(Object.keys(ruleOf(route).fields))])
      expect([name, shapes.every(({ additionalProperties: more }) => more === false)]).toEqual([name, true])
      const notTaken = goodByRule(route).filter(body => route.body?.safeParse(body).success !== true)
      expect([name, notTaken]).toEqual([name, []])
    }
  })

  test('nothing just beyond is taken', async () => {
    const asked = takers().flatMap(route => badByRule(route).map(bad => ({ route, ...bad })))
    expect(asked.length).toBeGreaterThan(400)
    expect(asked.filter(({ route, body }) => mayTake(route, body) && !isJudgedOtherwise(body))).toEqual([])
    await asker.unchanged(async () => {
      const faults = await eightAtOnce(asked, async ({ route, body, fields }) => {
        const refused = await asker.refuses(route, json(body))
        return [...refused.faults, ...fieldFaults(refused, fields)]
      })
      expect(faults.flat()).toEqual([])
    })
  })

  test('a field that takes anything, is needed no more, or a body that takes other fields, would be noticed', () => {
    const accepts = (route: Route, body: object) => route.body?.safeParse(body).success === true
    for (const route of takers()) {
      const bad = badByRule(route).map(({ body }) => body)
      const good = goodBody(route) ?? {}
      for (const [field, { optional }] of Object.entries(ruleOf(route).fields)) {
        const usual = goodByRule(route).find(body => field in body) ?? good
        const anything = bad.filter(body => field in body && accepts(route, { ...body, [field]: usual[field] }))
        expect(anything.length, `${nameOf(route)} ${field}`).toBeGreaterThan(1)
        if (optional !== true)
          expect(bad.some(body => accepts(route, { [field]: good[field], ...body }) && !(field in body))).toBe(true)
      }
      expect(bad.some(body => accepts(route, without(body, 'surprise')) && 'surprise' in body)).toBe(true)
    }
  })

  /** Dates and ranges that only whoever reads them knows to be none. */
  const isJudgedOtherwise = (body: Record<string, unknown>) => 'expiresAt' in body || 'addresses' in body
})

type Shape = { properties?: Record<string, unknown>; additionalProperties?: unknown; anyOf?: Shape[] }

const objectsOf = (schema: unknown): Shape[] => {
  const shape = schema as Shape
  return shape.anyOf?.flatMap(objectsOf) ?? [shape]
}

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
