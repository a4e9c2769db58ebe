import { Router } from 'express'
import { afterEach, expect, test } from 'vitest'
import { openDoor } from '../../../tests/support/open-door.js'
import { createLog } from '../log.js'
import { healthRoutes, type HealthDeps } from './health.routes.js'
import { createHttpServer, type HttpServer } from './server.js'

let server: HttpServer | null = null

afterEach(async () => server?.[Symbol.asyncDispose]())

const well: HealthDeps = {
  pingDatabase: async () => {},
  phase: () => 'ready',
  leaseHeld: () => true,
  nodeReplaced: () => false,
  clientOutdated: () => false,
  connectedSessions: () => 3,
  websocketClients: () => 2,
}

const open = async (deps: Partial<HealthDeps>): Promise<string> => {
  server = createHttpServer({
    log: createLog({ level: 'silent' }),
    routes: healthRoutes({ ...well, ...deps }),
    pages: Router(),
    onUpgrade: () => {},
    ...openDoor(),
    publicUrl: null,
  })
  return `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`
}

/** What the three doors say: status and reasons of `/health`, then status and code of the others. */
async function said(deps: Partial<HealthDeps>): Promise<unknown[]> {
  const url = await open(deps)
  const answers = await Promise.all(['/health', '/health/live', '/health/ready'].map(path => fetch(url + path)))
  const [health, live, ready] = answers.map(answer => answer.json() as Promise<Record<string, unknown>>)
  expect(await health).toMatchObject({ sessions: 3, websocketClients: 2, timestamp: expect.any(String) })
  expect(await live).toEqual({ status: 'ok' })
  const readiness = await ready
  expect(answers[2]?.headers.has('retry-after')).toBe(answers[2]?.status === 503)
  return [
    [(await health)?.['status'], (await health)?.['reasons']].flat(),
    answers[1]?.status,
    answers[2]?.status,
    readiness?.['code'] ?? 'ok',
  ]
}

const away = () => Promise.reject(new Error('away'))

test.each<[string, Partial<HealthDeps>, unknown[]]>([
  ['all is well', {}, [['healthy'], 200, 200, 'ok']],
  ['it starts', { phase: () => 'starting' }, [['healthy'], 200, 503, 'starting']],
  ['it stops', { phase: () => 'draining' }, [['healthy'], 200, 503, 'shutting_down']],
  ['the database is away', { pingDatabase: away }, [['degraded', 'database'], 200, 503, 'database_unavailable']],
  ['the lease is lost', { leaseHeld: () => false }, [['degraded', 'lease'], 200, 503, 'lease_lost']],
  [
    'another has its name',
    { leaseHeld: () => false, nodeReplaced: () => true },
    [['degraded', 'node_replaced'], 200, 503, 'node_replaced'],
  ],
  [
    'several are so',
    { pingDatabase: away, leaseHeld: () => false, clientOutdated: () => true },
    [['degraded', 'database', 'lease', 'engine_outdated'], 200, 503, 'lease_lost'],
  ],
  // another node could do no better
  ['WhatsApp refuses the client', { clientOutdated: () => true }, [['degraded', 'engine_outdated'], 200, 200, 'ok']],
])('%s', async (_, deps, expected) => {
  expect(await said(deps)).toEqual(expected)
})

test('one that is not sure of its lease says so without waiting for the database, and one without a name what to do', async () => {
  const waits = { pingDatabase: () => new Promise<never>(() => {}), leaseHeld: () => false }
  const ask = async () => (await fetch(`${url}/health/ready`)).json()
  let url = await open(waits)
  expect(await ask()).toMatchObject({ code: 'lease_lost' })
  await server?.[Symbol.asyncDispose]()
  url = await open({ ...waits, nodeReplaced: () => true })
  const action = 'Stop it, or give it a NODE_NAME of its own and start it again.'
  expect(await ask()).toMatchObject({ code: 'node_replaced', action })
})
