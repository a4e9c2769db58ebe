import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sessionRow } from '../../../tests/support/session-row.js'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { WorkspaceId } from '../../contract/ids.js'
import { createLog } from '../log.js'
import { endOverdueLinks } from './overdue-links.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})
afterAll(() => rig[Symbol.asyncDispose]())

const nodeId = randomUUID()

async function workspace(): Promise<WorkspaceId> {
  const id = WorkspaceId.parse(randomUUID())
  await rig.rows.query(`insert into workspaces (id, name, slug) values ($1::uuid, 'W', $1::uuid::text)`, [id])
  return id
}

/** A session whose link has been in this phase for so many seconds. */
async function linking(
  workspaceId: WorkspaceId,
  { phase, seconds, node = nodeId }: { phase: string; seconds: number; node?: string },
): Promise<string> {
  const sessionId = await sessionRow(rig.rows, workspaceId, { nodeId: node })
  await rig.rows.query(
    `insert into link_attempts (workspace_id, session_id, visitor_hash, node_id, mode, phase, expires_at, since)
     values ($1, $2, $3, $4, 'managed', $5, now(), clock_timestamp() - make_interval(secs => $6))`,
    [workspaceId, sessionId, randomBytes(32), node, phase, seconds],
  )
  return sessionId
}

const phasesOf = async (sessionIds: string[]) => {
  const rows = await rig.rows.query<{ phase: string }>(
    `select phase from link_attempts join unnest($1::uuid[]) with ordinality as asked (id, nth) on id = session_id order by nth`,
    [sessionIds],
  )
  return rows.map(({ phase }) => phase)
}

test('links that are overdue are ended in every workspace, and no other', async () => {
  const rested: string[] = []
  const [here, there] = [rig.workspaceId, await workspace()]
  const overdue = [
    await linking(here, { phase: 'preparing', seconds: 130 }),
    await linking(there, { phase: 'preparing', seconds: 130 }),
  ]
  const others = [
    await linking(there, { phase: 'preparing', seconds: 100 }),
    await linking(there, { phase: 'delivering', seconds: 60 }),
    await linking(there, { phase: 'preparing', seconds: 130, node: randomUUID() }),
  ]
  const delivered = await linking(there, { phase: 'delivering', seconds: 80 })

  await endOverdueLinks({
    tenants: rig.tenants,
    events: rig.events,
    sessions: { rest: async sessionId => void rested.push(sessionId) },
    nodeId,
    workspaceId: () => here,
    log: createLog({ level: 'silent' }),
  })

  expect(await phasesOf(overdue)).toEqual(['failed', 'failed'])
  expect(rested.toSorted()).toEqual(overdue.toSorted())
  expect(await phasesOf([delivered])).toEqual(['complete'])
  expect(await phasesOf(others)).toEqual(['preparing', 'delivering', 'preparing'])
})
